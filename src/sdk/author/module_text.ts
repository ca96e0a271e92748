import { formatCount } from "../../base/count.ts";
import { filePatterns } from "./file_pattern.ts";
import type { Proposal, ProposedColumn } from "./proposal.ts";

const MAX_NAME = 48;
const MAX_COMMENT = 96;
const ROW_ID = "row_id";
/** Letters that no accent can be removed from. */
const LETTERS: Record<string, string> = {
  ß: "ss",
  æ: "ae",
  ø: "o",
  œ: "oe",
  ł: "l",
  đ: "d",
  ı: "i",
};

/** Writes `ingest.ts` of a proposal. */
export function moduleText(proposal: Proposal): string {
  const { format, columns, key } = proposal;
  const table = tableName(proposal.fileNames[0]!);
  const lines = columns.map(columnText);
  const partition = key.partition.length > 0 ? key.partition : [ROW_ID];
  if (key.partition.length === 0) {
    lines.unshift(`        ${ROW_ID}: { type: "uuid", value: "rowId" },\n`);
  }
  const { call, options } = formatCall(format);
  return `import { ${[call, "defineIngest"].sort().join(", ")} } from "mysimbdp";

${header(proposal)}
export default defineIngest({
${filesText(proposal)}${versionsText(proposal)}  format: ${call}(${
    Object.keys(options).length > 0 ? literal(options) : ""
  }),
  tables: {
    ${table}: {
      columns: {
${lines.join("")}      },
${comment(`Key: ${key.reason}.`, "      ")}      partitionKey: ${list(partition)},
${key.clustering.length > 0 ? `      clusteringKey: ${list(key.clustering)},\n` : ""}    },
  },
});
`;
}

/** The patterns of file names, and of the files in archives if the samples are archives. */
function filesText({ fileNames, archives }: Proposal): string {
  const names = filePatterns(fileNames);
  if (archives.length === 0) return `  files: ${oneOrList(names)},\n`;
  const files = filePatterns(archives).map((pattern) => `${pattern}.zip`);
  return `  files: ${oneOrList(files)},\n  entries: ${oneOrList(names)},\n`;
}

/** What a new version of a file means. The author must choose, so it says what there is to choose. */
function versionsText({ versions: { choice, reason } }: Proposal): string {
  const meaning =
    'A file of the same name with other content is a new version. "add" keeps the rows ' +
    'of the earlier versions, "replace" removes them';
  const why = reason.charAt(0).toUpperCase() + reason.slice(1);
  return `${comment(`${meaning}. ${why}.`, "  ")}  versions: ${quoted(choice)},\n`;
}

/** The function that makes a format: tab-separated files have their own. */
function formatCall({ kind, options }: Proposal["format"]) {
  const { delimiter, ...others } = options as Record<string, unknown>;
  return kind === "csv" && delimiter === "\t"
    ? { call: "tsv", options: others }
    : { call: kind, options };
}

function columnText(column: ProposedColumn): string {
  const { name, profile, decision, isOptional } = column;
  const options = {
    type: decision.type,
    ...(profile.name !== name && { from: profile.name }),
    ...(isOptional && { optional: true }),
    ...decision.options,
  };
  const isPlain = Object.keys(options).length === 1;
  const doubts = decision.unsure.map((doubt) => comment(`Unsure: ${doubt}.`, "        ")).join("");
  return `${doubts}        ${name}: ${isPlain ? quoted(decision.type) : literal(options)},\n`;
}

function header({ fileNames, records, faults, firstFault, notes, unsure }: Proposal): string {
  const shown = fileNames.slice(0, 3).join(", ") + (fileNames.length > 3 ? ", …" : "");
  const lines = [
    `Proposed from ${
      formatCount(records, "record")
    } of ${shown}. Review the names, the types and the key.`,
    ...notes.map((note) => `Found: ${note}.`),
    ...unsure.map((doubt) => `Unsure: ${doubt}.`),
  ];
  if (firstFault) {
    lines.push(
      `${
        formatCount(faults, "record")
      } cannot be read, the first at line ${firstFault.line}: it ${firstFault.reason}.`,
    );
  }
  return lines.map((line) => comment(line, "")).join("").trimEnd();
}

/** A comment of one or more lines. */
function comment(text: string, indent: string): string {
  const words = text.replaceAll(/\s+/g, " ").replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "?").split(
    " ",
  );
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && indent.length + line.length + word.length + 4 > MAX_COMMENT) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => `${indent}// ${each}\n`).join("");
}

/** The name of the table for a file: its name without dates, numbers and endings. */
export function tableName(fileName: string): string {
  const base = fileName.replace(/\..*$/, "");
  const words = filePatterns([base])[0]!.replaceAll("*", " ").trim();
  return identifier(words === "" ? base : words, "rows", new Set());
}

/** Turns a text into a valid name for a table or a column that is not taken yet. */
export function identifier(text: string, otherwise: string, taken: Set<string>): string {
  const plain = withoutRepeats(text).replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1_$2").toLowerCase()
    .replaceAll(/[ßæøœłđı]/g, (letter) => LETTERS[letter]!)
    .normalize("NFKD").replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  const base = (/^[a-z]/.test(plain) ? plain : plain === "" ? otherwise : `c_${plain}`)
    .slice(0, MAX_NAME - 5);
  let name = base;
  for (let n = 2; taken.has(name); n++) name = `${base}_${n}`;
  taken.add(name);
  return name;
}

/** A header of several rows may say the same in each: "Date Date". */
function withoutRepeats(text: string): string {
  const words = text.split(" ");
  return words.every((word) => word === words[0]) ? words[0]! : text;
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16)}`,
  );
}

function oneOrList(texts: readonly string[]): string {
  return texts.length === 1 ? quoted(texts[0]!) : list(texts);
}

function list(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(", ")}]`;
}

function literal(options: object): string {
  const members = Object.entries(options).map(([name, value]) => {
    return `${name}: ${
      Array.isArray(value) ? list(value) : typeof value === "string" ? quoted(value) : value
    }`;
  });
  return `{ ${members.join(", ")} }`;
}
