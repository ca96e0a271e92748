import { dirname, join } from "node:path";

/** A module's folder: texts by path. */
export type ModuleFiles = Record<string, string>;

/** Writes a module into an empty folder and returns the folder. */
export async function writeModule(dir: string, files: ModuleFiles): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(dirname(join(dir, path)), { recursive: true });
    await Deno.writeTextFile(join(dir, path), text);
  }
  return dir;
}

export interface ModuleOptions {
  /** @default "*" */
  files?: string;
  /** @default `csv({ header: true })` */
  format?: string;
  /** Statements before the row is returned; they see `record` and `ctx`. */
  before?: string;
  /** @default "add" */
  versions?: "add" | "replace";
  limits?: { memoryMb?: number; secondsPerFile?: number; rejectShare?: number };
}

/** A module with one table, `items`, which keeps every record as JSON under its row id. */
export function keepAll(options: ModuleOptions = {}): ModuleFiles {
  const { files = "*", format = "csv({ header: true })", before = "", limits = {} } = options;
  const { versions = "add" } = options;
  return {
    "tenant.json": JSON.stringify({
      entry: "ingest.ts",
      permissions: { write: ["items"], read: [], net: [] },
      limits: { rejectShare: 1, ...limits },
    }),
    "ingest.ts":
      `import { avro, csv, defineIngest, json, jsonl, parquet, tsv, xlsx } from "mysimbdp";

void [avro, csv, json, jsonl, parquet, tsv, xlsx];
const shown = (_key, value) => typeof value === "bigint" ? String(value) : value;
export default defineIngest({
  files: ${JSON.stringify(files)},
  format: ${format},
  versions: "${versions}",
  tables: {
    items: {
      columns: { id: "uuid", file: "text", line: "int", content: "text" },
      partitionKey: ["id"],
    },
  },
  row(record, ctx) {
    ${before}
    return {
      items: {
        id: ctx.rowId,
        file: ctx.fileName,
        line: ctx.line,
        content: JSON.stringify(record, shown),
      },
    };
  },
});
`,
  };
}
