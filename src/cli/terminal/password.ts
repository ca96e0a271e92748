import { Failure, messageOf } from "../../base/failure.ts";
import type { CommandIo } from "./io.ts";

interface PasswordSources {
  /** The value of `-p`; `-` means standard input. */
  flag?: string;
  /** The path given with `--password-file`. */
  file?: string;
  /** `MYSIMBDP_PASSWORD`. */
  env?: string;
  /** What to use instead of `-p PASSWORD`. @default "--password-file FILE or -p -" */
  instead?: string;
}

const KEY = {
  ctrlC: 3,
  ctrlD: 4,
  backspace: 8,
  lineFeed: 10,
  enter: 13,
  ctrlU: 21,
  escape: 27,
  delete: 127,
};

/**
 * Returns the password from the flag, the file, the environment, or a hidden prompt.
 *
 * @throws {Failure} kind `usage` if none was given and there is no terminal
 *
 * @example
 * ```ts ignore
 * const password = await findPassword({ flag, env: io.env("MYSIMBDP_PASSWORD") }, "customer-1", io);
 * ```
 */
export async function findPassword(
  { flag, file, env, instead }: PasswordSources,
  user: string,
  io: CommandIo,
): Promise<string> {
  if (flag !== undefined && file !== undefined) {
    throw new Failure("usage", "two-passwords", "Cannot use both -p and --password-file", {
      hint: "Use only one of them.",
    });
  }
  if (flag === "-") return notEmpty(await readInput(io), "standard input");
  if (flag !== undefined) {
    warnOfVisible(io, instead);
    return notEmpty(flag, "-p");
  }
  if (file !== undefined) return notEmpty(await readFile(file), `the file "${file}"`);
  if (env !== undefined && env !== "") return env;
  if (!io.stdin.isTerminal) {
    throw new Failure("usage", "no-password", `Cannot log in as "${user}": no password was given`, {
      hint: "Set MYSIMBDP_PASSWORD, or pass --password-file FILE or -p - (standard input).",
    });
  }
  return notEmpty(await askHidden(`Password for ${user}: `, io), "the prompt");
}

/** Scripts are left alone: what they print on the standard error can be taken for a fault. */
function warnOfVisible({ stderr }: CommandIo, instead = "--password-file FILE or -p -"): void {
  if (!stderr.isTerminal) return;
  stderr.write(
    "notice: other users of this machine can see a password on the command line in the list of " +
      `processes; use ${instead} instead\n`,
  );
}

/** Prompts on the terminal for something that is not secret. @throws {Failure} `interrupted` */
export async function ask(question: string, io: CommandIo): Promise<string> {
  const interrupted = Promise.withResolvers<never>();
  const stopListening = io.onStop(() => interrupted.reject(interruption()));
  io.stderr.write(question);
  try {
    return (await Promise.race([readLine(io), interrupted.promise])).trim();
  } finally {
    stopListening();
  }
}

/**
 * Prompts on the terminal without echo. Backspace, Ctrl-U and pasting work; Ctrl-C and Ctrl-D cancel.
 * The mode of the terminal is always restored.
 *
 * @throws {Failure} `interrupted`
 */
export async function askHidden(question: string, io: CommandIo): Promise<string> {
  const interrupted = Promise.withResolvers<never>();
  const stopListening = io.onStop(() => interrupted.reject(interruption()));
  io.stderr.write(question);
  io.stdin.setRaw(true);
  try {
    return await Promise.race([readLine(io), interrupted.promise]);
  } finally {
    io.stdin.setRaw(false);
    io.stderr.write("\n");
    stopListening();
  }
}

async function readLine(io: CommandIo): Promise<string> {
  const typed: number[] = [];
  const buffer = new Uint8Array(1024);
  // An arrow key sends ESC [ A: everything from ESC [ to a letter or ~ is ignored.
  let sequence: "none" | "escape" | "control" = "none";
  for (;;) {
    const count = await io.stdin.read(buffer);
    if (count === null) return decode(typed);
    for (const byte of buffer.subarray(0, count)) {
      if (sequence === "escape") sequence = byte === 0x5b || byte === 0x4f ? "control" : "none";
      else if (sequence === "control") sequence = byte >= 0x40 && byte <= 0x7e ? "none" : "control";
      else if (byte === KEY.escape) sequence = "escape";
      else if (byte === KEY.ctrlC) throw interruption();
      else if (byte === KEY.enter || byte === KEY.lineFeed) return decode(typed);
      else if (byte === KEY.ctrlD && typed.length === 0) throw interruption();
      else if (byte === KEY.ctrlD) return decode(typed);
      else if (byte === KEY.backspace || byte === KEY.delete) removeLast(typed);
      else if (byte === KEY.ctrlU) typed.length = 0;
      else if (byte >= 0x20) typed.push(byte);
    }
  }
}

/** Removes the last character, which can be several bytes of UTF-8. */
function removeLast(typed: number[]): void {
  while (typed.length > 0) {
    const byte = typed.pop()!;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (!isContinuation) return;
  }
}

function decode(typed: number[]): string {
  return new TextDecoder().decode(new Uint8Array(typed));
}

function interruption(): Failure {
  const text = "Cannot log in: the prompt was interrupted";
  return new Failure("refused", "interrupted", text);
}

/**
 * Returns a secret from the flag, the file, or a hidden prompt.
 * @throws {Failure} kind `usage`
 */
export async function findSecret(
  { flag, file }: Omit<PasswordSources, "env">,
  question: string,
  io: CommandIo,
): Promise<string> {
  if (flag === "-") return await readInput(io);
  if (flag !== undefined) return flag;
  if (file !== undefined) return await readFile(file);
  if (io.stdin.isTerminal) return await askHidden(question, io);
  throw new Failure("usage", "no-value", "Cannot prompt for the value: there is no terminal", {
    hint: "Pass --value-file FILE or --value - (standard input).",
  });
}

async function readInput(io: CommandIo): Promise<string> {
  const parts: number[] = [];
  const buffer = new Uint8Array(4096);
  for (;;) {
    const count = await io.stdin.read(buffer);
    if (count === null) break;
    parts.push(...buffer.subarray(0, count));
  }
  return firstLine(new Uint8Array(parts), "standard input");
}

async function readFile(path: string): Promise<string> {
  const bytes = await Deno.readFile(path).catch((error) => {
    const text = `Cannot read the file "${path}": ${stateOf(error)}`;
    throw new Failure("usage", "password-file", text, { cause: error });
  });
  return firstLine(bytes, `the file "${path}"`);
}

function stateOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it does not exist";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  return messageOf(error);
}

/**
 * Editors and `echo` add a line break that is not part of the password, and some editors a byte order
 * mark.
 */
function firstLine(bytes: Uint8Array, source: string): string {
  // A text in UTF-16 has a zero byte in each character of ASCII.
  if (bytes.includes(0)) throw notUtf8(source, "it is UTF-16");
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.split(/\r\n?|\n/, 1)[0] ?? "";
  } catch {
    throw notUtf8(source, "it is not UTF-8");
  }
}

function notUtf8(source: string, state: string): Failure {
  return new Failure("usage", "password-encoding", `Cannot read ${source}: ${state}`, {
    hint: "Save it as UTF-8.",
  });
}

function notEmpty(password: string, source: string): string {
  if (password !== "") return password;
  const text = `Cannot use the password from ${source}: it is empty`;
  throw new Failure("usage", "empty-password", text);
}
