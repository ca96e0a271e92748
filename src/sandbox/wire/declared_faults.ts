import type { z } from "zod";

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

/**
 * The faults behind the issues of a schema: one for each unknown key, and for a value of several
 * possible forms those of the form that fits best.
 */
export function faultsOfIssues(issues: readonly Issue[]): DeclaredFault[] {
  return issues.flatMap((issue) => faultsOf(issue, []));
}

function faultsOf(issue: Issue, parent: string[]): DeclaredFault[] {
  const path = [...parent, ...issue.path.map(String)];
  const message = issue.message.replace(/^Invalid (input|option): /, "");
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], message: "unknown option" }));
    case "invalid_key":
      // The reason is nested.
      return [{ path, message: issue.issues[0]?.message ?? message }];
    case "invalid_union":
      return unionFaults(issue.errors, path) ?? [{ path, message }];
    default:
      return [{ path, message }];
  }
}

/** The faults of the form that the value has; null if it has none of the forms. */
function unionFaults(forms: Issue[][], path: string[]): DeclaredFault[] | null {
  const fitting = forms.find((issues) =>
    issues.some((issue) => issue.path.length > 0 || issue.code !== "invalid_type")
  );
  if (fitting) return fitting.flatMap((issue) => faultsOf(issue, path));
  const expected = forms.flat().flatMap((issue) =>
    issue.code === "invalid_type" ? [issue.expected] : []
  );
  if (expected.length === 0) return null;
  return [{ path, message: `expected ${[...new Set(expected)].join(" or ")}` }];
}
