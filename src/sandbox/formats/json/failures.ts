import { Failure } from "../../../base/failure.ts";

/** The file has no array at the path that the module gives. */
export function arrayNotFound(path: readonly string[]): Failure {
  const where = path.length === 0 ? "at the top level" : `at ${JSON.stringify(path.join("."))}`;
  return new Failure("refused", "json-no-array", `Cannot read the file: it has no array ${where}`, {
    hint: 'Give the path to the records with json({ at: "…" }). ' +
      "If the file has one object per line, use jsonl().",
  });
}

export function cutShort(): Failure {
  const text = "Cannot read the whole file: it ends, or a bracket closes, before the array does";
  return new Failure("refused", "json-cut-short", text, {
    hint: "Export the file again and resend it.",
  });
}

export function textAfter(): Failure {
  const text = "Cannot read the file: text follows the JSON value";
  return new Failure("refused", "json-text-after", text, {
    hint: "Send one JSON value per file. If the file has one object per line, use jsonl().",
  });
}
