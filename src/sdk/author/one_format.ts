import type { Format } from "../format.ts";
import { Failure } from "../../base/failure.ts";
import type { FileLayout } from "./layout/file_layout.ts";
import type { SampleFile } from "./sample_files.ts";

/**
 * The one format that reads all samples.
 *
 * @throws {Failure} `samples-differ`
 */
export function oneFormat(files: readonly SampleFile[], layouts: readonly FileLayout[]): Format {
  const first = layouts[0]!.format;
  const { encoding: _, ...options } = first.options as Record<string, unknown>;
  // A file of ASCII alone says nothing of the encoding of the others.
  const spoken = layouts.filter(({ isAscii }) => !isAscii);
  const encodings = new Set(spoken.map(({ format }) => option(format, "encoding") ?? "utf-8"));
  for (const [i, { format }] of layouts.entries()) {
    const differing = format.kind !== first.kind
      ? ["format"]
      : ["delimiter", "quote", "header", "headerRows", "at"].filter((name) => {
        return option(format, name) !== option(first, name);
      });
    if (differing.length > 0) throw differ(files[0]!, files[i]!, differing[0]!);
  }
  // A file of another encoding is seldom valid UTF-8, so that is tried first.
  const legacy = [...encodings].filter((label) => label !== "utf-8");
  if (legacy.length > 1) {
    const ofLabel = (label: unknown) =>
      layouts.findIndex(({ format }) => option(format, "encoding") === label);
    throw differ(files[ofLabel(legacy[0])]!, files[ofLabel(legacy[1])]!, "encoding");
  }
  const encoding = legacy.length > 0 && encodings.size > 1 ? ["utf-8", ...legacy] : legacy[0];
  const uniqueNames = layouts.some(({ format }) => option(format, "uniqueNames") !== undefined);
  const skips = new Set(layouts.map(({ format }) => option(format, "skip")));
  if (skips.size > 1) throw differ(files[0]!, files.at(-1)!, "skip");
  return {
    kind: first.kind,
    options: {
      ...options,
      ...(uniqueNames && { uniqueNames: true }),
      ...(encoding !== undefined && { encoding }),
    },
  } as Format;
}

function option(format: Format, name: string): unknown {
  const value = (format.options as Record<string, unknown>)[name];
  return typeof value === "object" ? JSON.stringify(value) : value;
}

const WHAT: Record<string, string> = {
  delimiter: "their delimiters differ",
  quote: "their quotes differ",
  header: "one has a header and the other does not",
  headerRows: "their headers have different numbers of rows",
  at: "their records are at different places",
  format: "their formats differ",
  encoding: "their encodings differ",
  skip: "their headers are at different lines",
};

function differ(a: SampleFile, b: SampleFile, what: string): Failure {
  const text = `Cannot infer one module for "${a.name}" and "${b.name}": ${WHAT[what]}`;
  return new Failure("usage", "samples-differ", text, { hint: "Infer a module for each of them." });
}
