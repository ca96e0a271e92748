/**
 * The layers around processes of our own program.
 *
 * @module
 */
import { Failure } from "../../base/failure.ts";
import { type OsSandbox, testedLayers, testLayers } from "./os_sandbox.ts";

export interface OwnLayers {
  /** bubblewrap, which adds namespaces. */
  around: OsSandbox;
  /** The layers that each sandbox sets on itself; one that reports fewer runs nothing. */
  inside: readonly string[];
  /** All of them, for people: `bubblewrap 0.8.0, Landlock (ABI 7), seccomp, RLIMIT_DATA`. */
  description: string;
  /** Why they do not amount to an OS sandbox, for people; null if they do. */
  missing: string | null;
}

/**
 * The layers on this machine; the first call tests them. When the program runs from source, it
 * consists of many files, including Deno's cache, and cannot be confined.
 */
export function ownLayers(): OwnLayers {
  if (!Deno.build.standalone) {
    const why = "the program runs from source";
    return { around: { active: false, why }, inside: [], description: "", missing: why };
  }
  const { around, inside } = testedLayers();
  const names = around.active ? [around.description, ...inside] : inside;
  return { around, inside, description: names.join(", "), missing: missing(around, inside) };
}

/** The same, but testing them does not block the caller's thread. */
export async function findOwnLayers(): Promise<OwnLayers> {
  if (Deno.build.standalone) await testLayers();
  return ownLayers();
}

/** bubblewrap is enough by itself; so are Landlock and the filter, which refuses all sockets. */
function missing(around: OsSandbox, inside: readonly string[]): string | null {
  if (around.active) return null;
  if (Deno.build.os !== "linux") return around.why;
  const absent = ["Landlock", "seccomp"].filter((name) =>
    !inside.some((layer) => layer.startsWith(name))
  );
  return absent.length === 0 ? null : `${around.why}, and the kernel lacks ${absent.join(" and ")}`;
}

/** @throws {Failure} `no-os-sandbox` if our own program cannot run in the OS sandbox */
export function requireOsSandbox(): void {
  const { missing } = ownLayers();
  if (missing === null) return;
  const text = `Cannot run modules: the OS sandbox is not available: ${missing}`;
  throw new Failure("usage", "no-os-sandbox", text, {
    hint:
      "Use Linux 5.13 or newer with Landlock, or install bubblewrap and allow user namespaces, " +
      "or set require_os_sandbox to false.",
  });
}
