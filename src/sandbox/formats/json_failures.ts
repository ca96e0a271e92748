import { Failure } from "../../base/failure.ts";

/** The file has no array where the module says that the records are. */
export function arrayNotFound(path: readonly string[]): Failure {
  const where = path.length === 0 ? "at its top" : `at ${JSON.stringify(path.join("."))}`;
  return new Failure("refused", "json-no-array", `Cannot read the file: it has no array ${where}`, {
    hint: 'Say where the records are with json({ at: "…" }). ' +
      "A file of one object a line is read by jsonl().",
  });
}

export function cutShort(): Failure {
  return new Failure(
    "refused",
    "json-cut-short",
    "Cannot read on: the file ends, or a bracket closes, before the array does",
    { hint: "Write the file anew and send it again." },
  );
}

export function textAfter(): Failure {
  return new Failure("refused", "json-text-after", "Cannot trust the file: text follows its JSON", {
    hint: "A file must hold one JSON value. A file of one object a line is read by jsonl().",
  });
}
