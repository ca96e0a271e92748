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

/** A module as its author writes it, with what belongs to it. */
export interface AuthoredModule {
  /** The text of `ingest.ts`. */
  ingest: string;
  /** Names of its tables. */
  tables: string[];
  /** The text of a sample and its name; none where there is a file already. */
  sample: { name: string; text: string } | null;
}

/** What `module init` begins with. */
export const STARTER: AuthoredModule = {
  ingest: INGEST,
  tables: ["readings"],
  sample: { name: "readings.csv", text: SAMPLE },
};

/**
 * The files of a module's folder: the module, what it may do, a sample, and types for editors that
 * work without the program's source, in Deno and in TypeScript.
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
