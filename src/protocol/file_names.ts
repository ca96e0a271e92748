import { Failure } from "../base/failure.ts";
import { invisibleIn, withInvisibleShown } from "../base/invisible.ts";
import { shortened } from "../base/shortened.ts";

/** Maximum length of a file name, in bytes of UTF-8 (NAME_MAX of Linux file systems). */
const MAX_NAME_BYTES = 255;

// Device names that Windows reserves with or without an extension.
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
/** A longer name is cut in messages. */
const SHOWN_CHARS = 300;

/**
 * Normalizes the name of a file, or explains why it is not allowed. Names never become paths: the
 * server stores files under their ids.
 *
 * @returns the name in Unicode NFC
 * @throws {Failure} `bad-file-name`
 *
 * @example
 * ```ts
 * import { normalizeFileName } from "./file_names.ts";
 * normalizeFileName("Data1000lines.csv"); // "Data1000lines.csv"
 * ```
 */
export function normalizeFileName(name: string): string {
  const normal = name.normalize("NFC");
  const fault = faultOf(normal);
  if (fault) {
    const shown = withInvisibleShown(JSON.stringify(shortened(name, SHOWN_CHARS)));
    const text = `Cannot accept ${shown}: ${fault}`;
    throw new Failure("refused", "bad-file-name", text, { hint: "Rename the file." });
  }
  return normal;
}

function faultOf(name: string): string | null {
  if (name === "") return "the name is empty";
  if (/[/\\]/.test(name)) return "the name has a path separator";
  if (name === "." || name === ".." || name.startsWith(".")) return "the name starts with a dot";
  if (!name.isWellFormed()) return "the name is not valid Unicode";
  const hidden = invisibleIn(name);
  if (hidden) {
    return `character ${hidden.position} of the name is ${hidden.code}, which cannot be seen`;
  }
  if (RESERVED.test(name)) return "the name is reserved by an operating system";
  if (/[. ]$/.test(name)) return "the name ends in a dot or a space";
  const bytes = new TextEncoder().encode(name).length;
  if (bytes > MAX_NAME_BYTES) return `the name has ${bytes} bytes (limit: ${MAX_NAME_BYTES})`;
  return null;
}
