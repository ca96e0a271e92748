/**
 * The OS sandbox around untrusted code: bubblewrap's namespaces and a system call filter. It exists on
 * Linux, if bubblewrap is installed and the kernel allows it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Failure, messageOf } from "../../base/failure.ts";
import { bubblewrapArguments } from "./bubblewrap.ts";
import { librariesOf } from "./libraries.ts";
import { type HostCommand, type KernelLimits, withResourceLimits } from "./resource_limits.ts";
import { filterFile } from "./seccomp.ts";

/** A program that may only read its standard input and write its output. */
export interface Confinement extends KernelLimits {
  /** An absolute path. The program can also read its shared libraries. */
  program: string;
  args: readonly string[];
  /**
   * More that it may read, by the path inside: `{ "/module": "/srv/tenants/…/v3" }`.
   * @default nothing
   */
  readOnly?: Readonly<Record<string, string>>;
}

export interface ActiveOsSandbox {
  active: true;
  /** Its parts, for people: `bubblewrap 0.8.0, seccomp`. */
  description: string;
  /**
   * The command that runs a program in the sandbox. The program can read itself, its libraries and
   * `readOnly`; it has no network, no environment, no other process and no way to start one, and
   * starts in an empty folder. Killing the command's process ends all of it.
   */
  confine(confinement: Confinement): HostCommand;
}

interface UnavailableOsSandbox {
  active: false;
  /** The reason, for people: `bubblewrap is not installed`. */
  why: string;
}

/** The OS sandbox of this machine. */
export type OsSandbox = ActiveOsSandbox | UnavailableOsSandbox;

let found: OsSandbox | null = null;

/** The OS sandbox of this machine; the first call tests it. */
export function osSandbox(): OsSandbox {
  return found ??= probe();
}

/**
 * The OS sandbox for processes of our own program. When the program runs from source, it consists of
 * many files, including Deno's cache, and cannot be confined.
 */
export function ownOsSandbox(): OsSandbox {
  return Deno.build.standalone
    ? osSandbox()
    : { active: false, why: "the program runs from source" };
}

/**
 * The same, but testing it, which takes 0.1 seconds or more, does not block the caller's thread.
 */
export async function findOwnOsSandbox(): Promise<OsSandbox> {
  if (Deno.build.standalone && found === null) {
    // Only if the complete sandbox fails, find out what is missing, step by step.
    found = await probeComplete().catch(() => null) ?? probe();
  }
  return ownOsSandbox();
}

/** @throws {Failure} `no-os-sandbox` if our own program cannot run in the OS sandbox */
export function requireOsSandbox(): void {
  const os = ownOsSandbox();
  if (os.active) return;
  const text = `Cannot run modules: the OS sandbox is not available: ${os.why}`;
  throw new Failure("usage", "no-os-sandbox", text, {
    hint: "Install bubblewrap and allow user namespaces, or set require_os_sandbox to false.",
  });
}

/** The OS sandbox with all its parts; null if it does not work. */
async function probeComplete(): Promise<OsSandbox | null> {
  const bwrap = Deno.build.os === "linux" ? programInPath("bwrap") : null;
  const filter = bwrap === null ? null : filterFile();
  if (bwrap === null || filter === null) return null;
  const { success } = await probeCommand(bwrap, filter).output();
  return success ? sandboxOf(bwrap, filter) : null;
}

/** Why there can be no OS sandbox on this machine; null when it has to be tested. */
export function whyNoBubblewrap(): string | null {
  if (Deno.build.os !== "linux") return "it needs Linux";
  return programInPath("bwrap") === null ? "bubblewrap is not installed" : null;
}

function probe(): OsSandbox {
  const bwrap = programInPath("bwrap");
  const why = whyNoBubblewrap();
  if (why !== null || bwrap === null) return { active: false, why: why ?? "" };
  try {
    const filter = filterFile();
    if (filter !== null && errorOf(bwrap, filter) === null) return sandboxOf(bwrap, filter);
    const error = errorOf(bwrap, null);
    return error === null
      ? sandboxOf(bwrap, null)
      : { active: false, why: `bubblewrap fails: ${error}` };
  } catch (error) {
    return { active: false, why: messageOf(error) };
  }
}

function sandboxOf(bwrap: string, filter: string | null): OsSandbox {
  const { stdout } = new Deno.Command(bwrap, { args: ["--version"] }).outputSync();
  const version = new TextDecoder().decode(stdout).trim();
  return {
    active: true,
    description: `${version}, ${filter === null ? "no seccomp" : "seccomp"}`,
    confine: (confinement) => confine(bwrap, filter, confinement),
  };
}

/** Shared libraries by program. */
const libraries = new Map<string, readonly string[]>();

function confine(bwrap: string, filter: string | null, confinement: Confinement): HostCommand {
  const { program, args, readOnly = {}, ...limits } = confinement;
  const own = libraries.get(program) ?? librariesOf(program);
  libraries.set(program, own);
  const view = { program, readOnly: { ...readOnly, ...sameInside(own) } };
  const command = {
    program: bwrap,
    args: [...bubblewrapArguments(view, filter === null ? null : 3), ...args],
  };
  return withResourceLimits(command, limits, filter);
}

function sameInside(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, path]));
}

const PROBE_SECONDS = 10;

/** A program that does nothing, confined. */
function probeCommand(bwrap: string, filter: string | null): Deno.Command {
  const program = Deno.build.standalone ? Deno.execPath() : programInPath("true") ?? "/bin/true";
  const args = Deno.build.standalone ? ["--version"] : [];
  const command = confine(bwrap, filter, { program, args, cpuSeconds: PROBE_SECONDS });
  return new Deno.Command(command.program, {
    args: command.args,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** The error message of a confined program; null if it succeeds. */
function errorOf(bwrap: string, filter: string | null): string | null {
  const { success, code, stderr } = probeCommand(bwrap, filter).outputSync();
  if (success) return null;
  const lastLine = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return lastLine || `it exited with code ${code}`;
}

function programInPath(name: string): string | null {
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter).filter((dir) =>
    dir.startsWith("/")
  );
  return folders.map((dir) => join(dir, name)).find((path) => existsSync(path)) ?? null;
}
