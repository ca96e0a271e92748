import type { DeclaredFormat } from "./declaration.ts";

export type TextFormat = Extract<DeclaredFormat, { kind: "csv" | "jsonl" | "json" }>;

/** Whether a format is text, which is read as a stream without a library. */
export function isTextFormat(format: DeclaredFormat): format is TextFormat {
  return format.kind === "csv" || format.kind === "jsonl" || format.kind === "json";
}
