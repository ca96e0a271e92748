import type { z } from "zod";
import { nearest } from "../../base/nearest.ts";

/** An invalid part of a declaration; the path leads to it. */
export interface DeclaredFault {
  path: string[];
  message: string;
}

/** A fault as text: `tables.readings.partitionKey: "hour" is not one of the table's columns`. */
export function faultText({ path, message }: DeclaredFault): string {
  // The place in the source says which element of a list it is.
  const names = /^\d+$/.test(path.at(-1) ?? "") ? path.slice(0, -1) : path;
  return `${names.join(".") || "its declaration"}: ${message}`;
}

type Issue = z.core.$ZodIssue;

/** The names that an object of a declaration can have. */
type KnownNames = (path: readonly string[]) => readonly string[];

/**
 * The faults behind the issues of a schema: one for each unknown key, and for a value of several
 * possible forms those of the form that fits best.
 */
export function faultsOfIssues(issues: readonly Issue[], known: KnownNames): DeclaredFault[] {
  return issues.flatMap((issue) => faultsOf(issue, [], known));
}

/** Longer names are no typing mistakes, and comparing them takes time. */
const MAX_COMPARED = 100;

/** A suggestion to append to a message; "" if no known name is similar. */
export function suggestion(name: string, known: readonly string[]): string {
  const isShort = name.length <= MAX_COMPARED && known.length <= MAX_COMPARED;
  const similar = isShort ? nearest(name, known) : null;
  return similar === null ? "" : `; did you mean "${similar}"?`;
}

function faultsOf(issue: Issue, parent: string[], known: KnownNames): DeclaredFault[] {
  const path = [...parent, ...issue.path.map(String)];
  const message = issue.message.replace(/^Invalid (input|option): /, "");
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => {
        return { path: [...path, key], message: `unknown option${suggestion(key, known(path))}` };
      });
    case "invalid_key":
      // The reason is nested.
      return [{ path, message: issue.issues[0]?.message ?? message }];
    case "invalid_union":
      return unionFaults(issue.errors, path, known) ?? [{ path, message }];
    default:
      return [{ path, message }];
  }
}

/** The faults of the form that the value has; null if it has none of the forms. */
function unionFaults(
  forms: Issue[][],
  path: string[],
  known: KnownNames,
): DeclaredFault[] | null {
  const fitting = forms.find((issues) =>
    issues.some((issue) => issue.path.length > 0 || issue.code !== "invalid_type")
  );
  if (fitting) return fitting.flatMap((issue) => faultsOf(issue, path, known));
  const expected = forms.flat().flatMap((issue) =>
    issue.code === "invalid_type" ? [issue.expected] : []
  );
  if (expected.length === 0) return null;
  return [{ path, message: `expected ${[...new Set(expected)].join(" or ")}` }];
}
