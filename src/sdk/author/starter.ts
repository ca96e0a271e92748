import { MODULE_TYPES } from "./module_types.ts";

const INGEST = `import { csv, defineIngest } from "mysimbdp";

export default defineIngest({
  files: "*.csv",
  format: csv({ header: true }),
  tables: {
    readings: {
      columns: { station: "text", day: "date", id: "uuid", value: "double" },
      partitionKey: ["station"],
      clusteringKey: ["day", "id"],
    },
  },
  row(record, ctx) {
    if (!record["station"]) return ctx.reject("no station", "station");
    return {
      readings: {
        station: record["station"],
        day: record["day"],
        id: ctx.rowId,
        value: record["value"],
      },
    };
  },
});
`;

const SAMPLE = `station,day,value
Bergen,2024-03-01,12.5
Oslo,2024-03-01,
Bergen,2024-03-02,3.25
`;

const DENO = {
  imports: { mysimbdp: "./mysimbdp.d.ts" },
  compilerOptions: { strict: true, noUncheckedIndexedAccess: true, lib: ["es2023"] },
};

const TYPESCRIPT = {
  compilerOptions: {
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2023"],
    types: [],
    module: "esnext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    paths: { mysimbdp: ["./mysimbdp.d.ts"] },
  },
  include: ["*.ts"],
};

/** A new module for its author to edit. */
export interface AuthoredModule {
  /** The text of `ingest.ts`. */
  ingest: string;
  /** The names of its tables. */
  tables: string[];
  /** A sample file, or null if the author already has one. */
  sample: { name: string; text: string } | null;
}

/** The module that `module init` creates. */
export const STARTER: AuthoredModule = {
  ingest: INGEST,
  tables: ["readings"],
  sample: { name: "readings.csv", text: SAMPLE },
};

/**
 * Returns the files of a module's folder by path: the module, `tenant.json`, a sample, and the types
 * with the configuration that lets editors, Deno and TypeScript find them.
 */
export function moduleFolder({ ingest, tables, sample }: AuthoredModule): Record<string, string> {
  const tenantJson = {
    entry: "ingest.ts",
    permissions: { write: tables, read: [], net: [] },
    limits: { memoryMb: 256, secondsPerFile: 300, rejectShare: 0.01 },
  };
  return {
    "ingest.ts": ingest,
    "tenant.json": json(tenantJson),
    ...(sample && { [`samples/${sample.name}`]: sample.text }),
    "mysimbdp.d.ts": MODULE_TYPES,
    "deno.json": json(DENO),
    "tsconfig.json": json(TYPESCRIPT),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
