import type { ColumnProfile } from "./column_profile.ts";
import type { CsvFormat } from "../csv.ts";
import type { JsonFormat } from "../json.ts";
import type { JsonlFormat } from "../jsonl.ts";
import type { RecordFault } from "../../sandbox/formats/contract.ts";

/** The format and the columns of a file. */
export interface Profile {
  fileName: string;
  format: CsvFormat | JsonFormat | JsonlFormat;
  columns: ColumnProfile[];
  records: number;
  /** The number of unreadable records, and the first of them. */
  faults: number;
  firstFault: RecordFault | null;
}

const ID_NAME = /(^|[_ -])(id|key|code|uuid|number|no)$|^(id|key|code|iata|icao)/i;
const MAX_NAME = 48;
const ROW_ID = "row_id";

/** Writes a module from a profile. @returns the text of `ingest.ts` and the names of its tables */
export function moduleText(profile: Profile): { ingest: string; tables: string[] } {
  const table = identifier(profile.fileName.replace(/\..*$/, ""), "rows", new Set());
  const taken = new Set<string>([ROW_ID]);
  const columns = profile.columns.map((column, i) => ({
    column,
    name: identifier(column.name, `column_${i + 1}`, taken),
  }));
  const key = keyOf(columns);
  const types = columns.map(({ column, name }) => `        ${name}: "${column.type}",\n`);
  const values = columns.map(({ column, name }) => `      ${name}: ${valueOf(profile, column)},\n`);
  if (key === null) {
    types.unshift(`        ${ROW_ID}: "uuid",\n`);
    values.unshift(`      ${ROW_ID}: ctx.rowId,\n`);
  }
  const { kind, options } = profile.format;
  const usesJson = columns.some(({ column }) => column.isJson);
  const ingest = `import { ${kind}, defineIngest } from "mysimbdp";

${comment(profile, key)}
export default defineIngest({
  files: "*${extensionOf(profile.fileName)}",
  format: ${kind}(${Object.keys(options).length > 0 ? literal(options) : ""}),
  tables: {
    ${table}: {
      columns: {
${types.join("")}      },
      partitionKey: ["${key ?? ROW_ID}"],
    },
  },
  row: (record${key === null ? ", ctx" : ""}) => ({
    ${table}: {
${values.join("")}    },
  }),
});
${usesJson ? AS_TEXT : ""}`;
  return { ingest, tables: [table] };
}

// Integers beyond 2^53 are bigint, which JSON.stringify does not accept.
const AS_TEXT = `
/** Converts an array or an object to JSON text. */
function asText(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return JSON.stringify(value, (_key, inner) => typeof inner === "bigint" ? String(inner) : inner);
}
`;

function keyOf(columns: { column: ColumnProfile; name: string }[]): string | null {
  const unique = columns.filter(({ column }) => column.isKey);
  const named = unique.find(({ column }) => ID_NAME.test(column.name));
  return (named ?? unique[0])?.name ?? null;
}

function valueOf({ format }: Profile, column: ColumnProfile): string {
  const field = `record[${JSON.stringify(column.name)}]`;
  if (column.isJson) return `asText(${field})`;
  // An empty CSV field is "", which a text column would store.
  return format.kind === "csv" && column.type === "text" ? `${field} || null` : field;
}

function comment({ fileName, records, faults, firstFault }: Profile, key: string | null): string {
  const shown = fileName.replaceAll(/[^\w .-]/g, "?");
  const count = records === 1 ? "1 record" : `${records} records`;
  const lines = [`Proposed from ${count} of ${shown}. Review the names, the types and the key.`];
  lines.push(
    key === null
      ? "No column is unique, so the key is derived from the file and the line."
      : `"${key}" was unique in this file; a row with an existing ${key} replaces the old row.`,
  );
  if (firstFault) {
    const reason = firstFault.reason.replaceAll(/\s+/g, " ");
    lines.push(`Unreadable records: ${faults}, the first at line ${firstFault.line}: ${reason}.`);
  }
  return lines.map((line) => `// ${line}`).join("\n");
}

/** Turns a text into a valid name for a table or a column that is not taken yet. */
function identifier(text: string, otherwise: string, taken: Set<string>): string {
  const plain = text.normalize("NFKD").toLowerCase().replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  const base = (/^[a-z]/.test(plain) ? plain : plain === "" ? otherwise : `c_${plain}`)
    .slice(0, MAX_NAME - 5);
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
  taken.add(name);
  return name;
}

function extensionOf(fileName: string): string {
  return /\.[\w.]+$/.exec(fileName.replace(/\.gz$/i, ""))?.[0].replace(/^.*(\.\w+)$/, "$1") ?? "";
}

function literal(options: object): string {
  const members = Object.entries(options).map(([name, value]) =>
    `${name}: ${JSON.stringify(value)}`
  );
  return `{ ${members.join(", ")} }`;
}
