import { basename } from "node:path";
import { Failure } from "../../base/failure.ts";
import { readPieces } from "../../base/read_file.ts";
import type { RecordFault } from "../../sandbox/formats/contract.ts";
import { gunzip, looksGzip } from "../../sandbox/formats/gzip.ts";
import { recordReader } from "../../sandbox/formats/record_reader.ts";
import { ColumnProfile } from "./column_profile.ts";
import { moduleText, type Profile } from "./module_text.ts";
import { sniffFormat } from "./sniff.ts";
import type { AuthoredModule } from "./starter.ts";

const MAX_UNPACKED_BYTES = 2 ** 36;
const MAX_COLUMNS = 1_000;

/**
 * Proposes a module for a file from all its records: columns with the narrowest types that fit every
 * value, and a key.
 *
 * @throws {Failure} `no-such-file`, `nothing-to-infer`, and the failures of the readers
 */
export async function inferModule(path: string): Promise<AuthoredModule & { profile: Profile }> {
  const utf8 = await profileOf(path, "utf-8");
  const isOther = /UTF-8/.test(utf8.firstFault?.reason ?? "");
  const profile = isOther ? await profileOf(path, "windows-1252") : utf8;
  if (profile.columns.length === 0) throw nothing(path, "it has no records");
  if (profile.columns.length > MAX_COLUMNS) {
    throw nothing(path, `it has more than ${MAX_COLUMNS} columns`);
  }
  return { ...moduleText(profile), sample: null, profile };
}

async function profileOf(path: string, encoding: string): Promise<Profile> {
  const columns = new Map<string, ColumnProfile>();
  const column = (name: string) => {
    const known = columns.get(name) ?? new ColumnProfile(name);
    columns.set(name, known);
    return known;
  };
  const profile: Profile = {
    fileName: basename(path),
    format: { kind: "csv", options: {} },
    columns: [],
    records: 0,
    faults: 0,
    firstFault: null,
  };
  let names: readonly string[] = [];
  const sink = {
    header: (found: readonly string[]) => void (names = found),
    fields(fields: unknown[]) {
      profile.records++;
      fields.forEach((field, i) => column(names[i] ?? String(i + 1)).text(String(field)));
    },
    value(value: Record<string, unknown>) {
      for (const name of Object.keys(value)) {
        // The earlier records did not have this column.
        if (!columns.has(name) && profile.records > 0) column(name).missing();
      }
      profile.records++;
      for (const [name, known] of columns) if (!(name in value)) known.missing();
      for (const [name, member] of Object.entries(value)) column(name).json(member);
    },
    fault(fault: RecordFault) {
      profile.faults++;
      profile.firstFault ??= fault;
    },
    skip() {},
  };
  let reader: ReturnType<typeof recordReader> | null = null;
  for await (const bytes of bytesOf(path)) {
    if (reader === null) {
      profile.format = sniffFormat(new TextDecoder(encoding).decode(bytes), encoding);
      reader = recordReader(profile.format, sink);
    }
    reader.push(bytes);
  }
  reader?.end();
  for (const name of names) column(name);
  profile.columns = names.length > 0 ? names.map(column) : [...columns.values()];
  return profile;
}

/** Yields the bytes of a file, decompressed if it is gzip. */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  let isGzip = false;
  try {
    for await (const first of readPieces(path)) {
      isGzip = looksGzip(first);
      break;
    }
  } catch (error) {
    const text = `Cannot read the file "${path}"`;
    throw new Failure("usage", "no-such-file", text, { hint: "Check the path.", cause: error });
  }
  const bytes = readPieces(path);
  yield* isGzip ? gunzip(bytes, { maxBytes: MAX_UNPACKED_BYTES }) : bytes;
}

function nothing(path: string, why: string): Failure {
  return new Failure("usage", "nothing-to-infer", `Cannot infer a module from "${path}": ${why}`);
}
