/** How an attack must end. */
export type End =
  /** Deploy refuses the module with this message. */
  | { at: "deploy"; says: RegExp }
  /** It runs and gets nothing; each record is rejected with this reason. */
  | { at: "record"; says: RegExp }
  /** Its file fails with this code. */
  | { at: "file"; code: RegExp }
  /** It runs without effect and stores this number of rows. */
  | { at: "nothing"; rows: number };

export interface Attack {
  /** The file in `modules/`, without its extension. */
  module: string;
  /** What it tries; the name of the test step. */
  what: string;
  end: End;
  limits?: { memoryMb?: number; secondsPerFile?: number; rejectShare?: number };
  /** Replaces the default tenant.json. */
  tenantJson?: string;
  /** Symbolic links in the module's folder: name → target. */
  links?: Record<string, string>;
}

const deploySays = (says: RegExp) => ({ at: "deploy", says }) as const;
const recordSays = (says: RegExp) => ({ at: "record", says }) as const;
const killed = (code: RegExp) => ({ at: "file", code }) as const;

const SHORT = { secondsPerFile: 2 };
const SMALL = { memoryMb: 192, secondsPerFile: 30 };
const TIME = killed(/^sandbox-(time|cpu)$/);
const MEMORY = killed(/^sandbox-memory$/);
const NOT_THERE = recordSays(
  /^refused: (Cannot (read|set) properties of undefined|[\w.]+ is not a (function|constructor))/,
);
/** Each attempt returned nothing or was refused by the language. */
const GETS_NOTHING = recordSays(/^(nothing|refused: .+)( \| |$)/);
const FROZEN = recordSays(/^refused: Cannot (add|assign|set|redefine|define)/);
const NO_CODE = recordSays(/^refused: Function\.prototype\.constructor is not a valid constructor/);
const NOT_IMPORTED = deploySays(/ingest\.ts:\d+:\d+: ".+" cannot be imported/);

/** All attacks. A test checks that each module has a row. */
export const ATTACKS: Attack[] = [
  { module: "deno_read", what: "read files by Deno's API", end: NOT_THERE },
  { module: "deno_env", what: "read environment, arguments, path, host name", end: NOT_THERE },
  { module: "deno_run", what: "start a program, load a library, kill a process", end: NOT_THERE },
  { module: "deno_exit", what: "end the process", end: NOT_THERE },
  { module: "deno_net", what: "open sockets, fetch", end: NOT_THERE },
  { module: "deno_kv", what: "open KV, localStorage, caches", end: NOT_THERE },
  { module: "node_process", what: "Node's process: environment and arguments", end: NOT_THERE },
  { module: "node_require", what: "Node's require and Buffer", end: NOT_THERE },
  {
    module: "all_globals",
    what: "find the host in the global object",
    end: recordSays(/^nothing/),
  },
  { module: "code_function", what: "code by Function", end: GETS_NOTHING },
  { module: "code_eval", what: "code by eval", end: GETS_NOTHING },
  {
    module: "code_direct_eval",
    what: "code by a direct eval",
    end: deploySays(/SES_EVAL_REJECTED/),
  },
  { module: "code_import", what: "import() by code from text", end: GETS_NOTHING },
  {
    module: "code_async",
    what: "code by the constructor of async functions",
    end: NO_CODE,
  },
  {
    module: "code_generator",
    what: "code by the constructors of generators",
    end: NO_CODE,
  },
  { module: "code_compartment", what: "a compartment of its own", end: GETS_NOTHING },
  {
    module: "code_getters",
    what: "getters of built-ins with the global object",
    end: GETS_NOTHING,
  },
  {
    module: "code_caller",
    what: "functions of the host by caller",
    end: recordSays(/^refused: 'caller', 'callee', and 'arguments'/),
  },
  { module: "stack_prepare", what: "call sites by Error.prepareStackTrace", end: GETS_NOTHING },
  { module: "stack_text", what: "paths of the host in stack traces", end: GETS_NOTHING },
  {
    module: "proxy_traps",
    what: "host objects by Proxy traps",
    end: recordSays(/nothing was seen|of type function|did not return an object/),
  },
  { module: "species", what: "Symbol.species of built-ins", end: FROZEN },
  {
    module: "species_rows",
    what: "rows with Symbol.species and an iterator",
    end: { at: "nothing", rows: 1 },
  },
  { module: "thenable", what: "a thenable as result", end: recordSays(/declares no table "then"/) },
  { module: "promise_row", what: "a promise as result", end: killed(/^module-async$/) },
  { module: "async_row", what: "a row whose promise never settles", end: TIME, limits: SHORT },
  { module: "pollution", what: "pollute prototypes", end: FROZEN },
  {
    module: "record_prototype",
    what: "change or leave by a record's prototypes",
    end: GETS_NOTHING,
  },
  {
    module: "pollution_rows",
    what: "pollute by keys of rows",
    end: recordSays(/nothing is polluted|no such column|declares no table|Cannot assign/),
  },
  { module: "context_tamper", what: "change what the host gives it", end: FROZEN },
  { module: "message_huge", what: "a value of 300 MB", end: MEMORY, limits: SMALL },
  {
    module: "message_cyclic",
    what: "cyclic and deep values",
    end: recordSays(/is not (text|a uuid)|threw/),
  },
  {
    module: "message_getters",
    what: "rows of getters that change",
    end: recordSays(/is not (text|a uuid)|threw/),
  },
  {
    module: "message_exotic",
    what: "exotic objects as values",
    end: recordSays(/is not (text|a uuid)|threw/),
  },
  {
    module: "message_resizable",
    what: "a buffer that shrinks in between",
    end: recordSays(/is not (text|a uuid)|threw/),
  },
  { module: "message_throws", what: "throw what cannot be read", end: recordSays(/^row threw: /) },
  {
    module: "message_control",
    what: "forge log lines and terminal output",
    end: recordSays(/^refused: /),
  },
  { module: "workers", what: "nested workers, messages to the host", end: NOT_THERE },
  { module: "channels", what: "BroadcastChannel and MessageChannel", end: NOT_THERE },
  { module: "shared_memory", what: "SharedArrayBuffer and Atomics", end: NOT_THERE },
  { module: "clocks", what: "timers and clocks", end: NOT_THERE },
  {
    module: "randomness",
    what: "randomness, WeakRef, FinalizationRegistry",
    end: recordSays(/^refused: secure mode/),
  },
  { module: "locale", what: "time zone, cores, location", end: NOT_THERE },
  { module: "webassembly", what: "WebAssembly and its memory", end: NOT_THERE },
  { module: "import_node", what: "import node:fs", end: NOT_IMPORTED },
  { module: "import_npm", what: "import from npm:", end: NOT_IMPORTED },
  { module: "import_https", what: "import from https:", end: NOT_IMPORTED },
  { module: "import_file", what: "import from file:", end: NOT_IMPORTED },
  { module: "import_data", what: "import from data:", end: NOT_IMPORTED },
  { module: "import_blob", what: "import from blob:", end: NOT_IMPORTED },
  { module: "import_json", what: "import JSON by an absolute path", end: NOT_IMPORTED },
  {
    module: "import_outside",
    what: "import from above its folder",
    end: deploySays(/outside the module's folder/),
  },
  {
    module: "import_encoded",
    what: "a path in percent signs",
    end: deploySays(/the module has no file/),
  },
  {
    module: "import_backslash",
    what: "a path with backslashes",
    end: deploySays(/the module has no file/),
  },
  { module: "import_bare", what: "import a package of the host", end: NOT_IMPORTED },
  { module: "import_reexport", what: "re-export node:child_process", end: NOT_IMPORTED },
  { module: "import_dynamic", what: "import() of a path", end: deploySays(/import\(/) },
  {
    module: "import_dynamic_hidden",
    what: "import() with a comment in it",
    end: deploySays(/import/),
  },
  { module: "import_meta", what: "import.meta", end: GETS_NOTHING },
  { module: "require_call", what: "require()", end: deploySays(/require/) },
  {
    module: "link_file",
    what: "a symbolic link to a file of the host",
    end: deploySays(/the module has no file/),
    links: { "linked.json": "__CANARY_FILE__" },
  },
  {
    module: "link_folder",
    what: "a symbolic link to a folder of the host",
    end: deploySays(/the module has no file/),
    links: { "linked": "__DATA__" },
  },
  {
    module: "tenant_entry",
    what: "an entry outside of its folder",
    end: deploySays(/tenant\.json:1:/),
    tenantJson: '{"entry":"../../../../__CANARY_FILE__"}',
  },
  { module: "sourcemap", what: "a source map of a file of the host", end: recordSays(/^nothing/) },
  {
    module: "bomb_top_loop",
    what: "a loop at the top level",
    end: deploySays(/longer than \d+ seconds/),
    limits: SHORT,
  },
  {
    module: "bomb_top_memory",
    what: "memory at the top level",
    end: deploySays(/more than \d+ MB/),
  },
  { module: "bomb_nesting", what: "source nested 300,000 deep", end: deploySays(/too deeply/) },
  { module: "bomb_size", what: "source of 3 MB", end: deploySays(/more than .* of sources/) },
  {
    module: "bomb_types",
    what: "types that take for ever to check",
    end: recordSays(/only types/),
  },
  {
    module: "bomb_declaration",
    what: "a declaration of millions of columns",
    end: deploySays(/longer than|more than|known shape|a message of/),
    limits: SHORT,
  },
  {
    module: "bomb_declaration_getters",
    what: "a declaration that loops when read",
    end: deploySays(/longer/),
    limits: SHORT,
  },
  { module: "bomb_pattern", what: "a file pattern that backtracks", end: killed(/^no-pattern$/) },
  { module: "loop", what: "an endless loop", end: TIME, limits: SHORT },
  {
    module: "loop_promise",
    what: "endless promises",
    end: killed(/^sandbox-(time|cpu|memory)$/),
    limits: SHORT,
  },
  { module: "loop_generator", what: "an endless generator", end: TIME, limits: SHORT },
  { module: "loop_getter", what: "a getter that does not end", end: TIME, limits: SHORT },
  { module: "loop_message", what: "a error message that does not end", end: TIME, limits: SHORT },
  {
    module: "loop_sort",
    what: "a sort of a huge array",
    end: killed(/^sandbox-(time|memory)$/),
    limits: SHORT,
  },
  { module: "loop_regex", what: "a regular expression that backtracks", end: TIME, limits: SHORT },
  { module: "loop_regex_lookbehind", what: "one that looks behind", end: TIME, limits: SHORT },
  {
    module: "loop_bigint",
    what: "an integer that doubles its digits",
    end: killed(/^sandbox-(time|memory)$/),
    limits: SHORT,
  },
  { module: "loop_array_like", what: "a built-in that counts to 2^53", end: TIME, limits: SHORT },
  { module: "recursion", what: "recursion without end", end: recordSays(/^refused/) },
  { module: "memory_heap", what: "memory by the heap", end: MEMORY, limits: SMALL },
  { module: "memory_buffers", what: "memory by ArrayBuffer", end: MEMORY, limits: SMALL },
  { module: "memory_strings", what: "memory by strings", end: MEMORY, limits: SMALL },
  { module: "memory_array", what: "memory by arrays of numbers", end: MEMORY, limits: SMALL },
  { module: "memory_promises", what: "memory by promises", end: MEMORY, limits: SMALL },
  {
    module: "memory_generator",
    what: "memory by rows of an endless generator",
    end: MEMORY,
    limits: SMALL,
  },
  { module: "memory_map", what: "memory by a map", end: MEMORY, limits: SMALL },
  {
    module: "memory_clone",
    what: "rows that share a large value",
    end: killed(/^(sandbox-memory|too-much-output)$/),
    limits: SMALL,
  },
  { module: "flood_logs", what: "a flood of log lines", end: recordSays(/was dropped/) },
  { module: "flood_rejects", what: "a flood of rejects", end: killed(/^too-many-rejects$/) },
  {
    module: "flood_rows",
    what: "a flood of rows",
    end: killed(/^(too-much-output|sandbox-memory)$/),
  },
  {
    module: "table_other",
    what: "rows for tables that are not its own",
    end: recordSays(/declares no table/),
  },
  {
    module: "table_undeclared",
    what: "a table that tenant.json does not name",
    end: deploySays(/has no permission to write it/),
  },
  {
    module: "table_injection",
    what: "SQL in a table's name",
    end: deploySays(/lower-case letter/),
  },
  {
    module: "table_reserved",
    what: "a table of the engine",
    end: deploySays(/are reserved/),
    tenantJson: '{"permissions":{"write":["sqlite_sequence"]}}',
  },
  {
    module: "column_injection",
    what: "SQL in a column's name and a value",
    end: { at: "nothing", rows: 9 },
  },
  { module: "stays_alive", what: "go on after its file", end: TIME, limits: SHORT },
  {
    module: "state_between_files",
    what: "see anything of the file before",
    end: recordSays(/^nothing/),
  },
];
