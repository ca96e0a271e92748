import { withInvisibleShown } from "../base/invisible.ts";

/** The contents of the line. */
interface IngestLine {
  /** End of the ingestion, in milliseconds since the epoch. */
  finishedAt: number;
  name: string;
  tenant: string;
  /** Bytes. */
  size: number;
  /** Stored records. */
  stored: number;
  seconds: number;
}

/**
 * The line that users of the platform parse, with its line feed. The time is local time.
 *
 * @example
 * ```ts
 * import { ingestLine } from "./ingest_line.ts";
 * ingestLine({ finishedAt: 0, name: "a.csv", tenant: "customer-1", size: 512, stored: 9, seconds: 0.5 });
 * // "1970-01-01 00:00:00 - Ingestion of the file: a.csv for customer-1 - size: 0.5 KB - 9 lines ingested in 0.5 seconds\n"
 * ```
 */
export function ingestLine(line: IngestLine): string {
  // A file that somebody copied into staging can have any name, which must not forge a second line.
  const name = withInvisibleShown(line.name);
  return `${localTime(line.finishedAt)} - Ingestion of the file: ${name} for ${line.tenant}` +
    ` - size: ${inFull(line.size / 1024)} KB - ${line.stored} lines ingested` +
    ` in ${inFull(line.seconds)} seconds\n`;
}

function localTime(ms: number): string {
  const time = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

/** All digits and always a fraction, as the first version of the platform printed floats. */
function inFull(value: number): string {
  const text = String(value);
  if (text.includes("e")) return value.toFixed(12).replace(/0+$/, "").replace(/\.$/, ".0");
  return text.includes(".") ? text : `${text}.0`;
}
