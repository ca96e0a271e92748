/**
 * The layer of the operating system around code that is not trusted: bubblewrap's namespaces and a
 * filter of system calls. Linux only, where bubblewrap is installed and the kernel allows it.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Failure, messageOf } from "../../base/failure.ts";
import { bubblewrapArguments } from "./bubblewrap.ts";
import { librariesOf } from "./libraries.ts";
import { type HostCommand, withResourceLimits } from "./resource_limits.ts";
import { filterFile } from "./seccomp.ts";

/** A program that shall do nothing but read its standard input and write its output. */
export interface Confinement {
  /** An absolute path. Its shared libraries are found and shown to it. */
  program: string;
  args: readonly string[];
  /**
   * More that it may read, by the path under which it sees it: `{ "/module": "/srv/tenants/…/v3" }`.
   * @default nothing
   */
  readOnly?: Readonly<Record<string, string>>;
  /** Seconds of CPU time after which the kernel ends it, whoever else watches. */
  cpuSeconds: number;
}

/** The layer as this machine has it. */
export type OsLayer =
  | {
    active: true;
    /** What it is made of, for people: `bubblewrap 0.8.0, seccomp`. */
    description: string;
    /**
     * The command that runs a program in the layer: it sees itself, its libraries and what `readOnly`
     * names, has no network, no environment, no other process and no way to start one, and an empty
     * folder to be in. Kill the command's process, and nothing of it is left.
     */
    confine(confinement: Confinement): HostCommand;
  }
  | {
    active: false;
    /** Why not, for people: `bubblewrap is not installed`. */
    why: string;
  };

let found: OsLayer | null = null;

/** The layer of this machine, tried out at the first call. */
export function osLayer(): OsLayer {
  return found ??= probe();
}

/**
 * The layer for processes of our own program.
 * From its sources the program is many files, Deno's cache among them: it has no layer then.
 */
export function ownLayer(): OsLayer {
  return Deno.build.standalone
    ? osLayer()
    : { active: false, why: "the program runs from its sources" };
}

/**
 * The same, and where it has to be tried out first, other things go on meanwhile: that takes a tenth
 * of a second or more.
 */
export async function findOwnLayer(): Promise<OsLayer> {
  if (Deno.build.standalone && found === null) {
    // What is missing, and what can be had without it, is found out step by step.
    found = await usualLayer().catch(() => null) ?? probe();
  }
  return ownLayer();
}

/** @throws {Failure} `no-os-sandbox` when our own program cannot be run in the layer */
export function requireOsLayer(): void {
  const layer = ownLayer();
  if (layer.active) return;
  const text = `Cannot run modules: there is no layer of the operating system: ${layer.why}`;
  throw new Failure("usage", "no-os-sandbox", text, {
    hint: "Install bubblewrap and allow user namespaces, or do without require_os_sandbox.",
  });
}

/** The layer with all of its parts; null where it does not work. */
async function usualLayer(): Promise<OsLayer | null> {
  const bwrap = Deno.build.os === "linux" ? programInPath("bwrap") : null;
  const filter = bwrap === null ? null : filterFile();
  if (bwrap === null || filter === null) return null;
  const fault = faultIn(await probeCommand(bwrap, filter).output());
  return fault === null ? layerOf(bwrap, filter) : null;
}

function probe(): OsLayer {
  if (Deno.build.os !== "linux") return { active: false, why: "there is one for Linux only" };
  const bwrap = programInPath("bwrap");
  if (bwrap === null) return { active: false, why: "bubblewrap is not installed" };
  try {
    const filter = filterFile();
    const fault = filter === null ? "there is no filter" : faultOf(bwrap, filter);
    if (fault === null) return layerOf(bwrap, filter);
    const faultWithout = faultOf(bwrap, null);
    if (faultWithout === null) return layerOf(bwrap, null);
    return { active: false, why: `bubblewrap says: ${faultWithout}` };
  } catch (error) {
    return { active: false, why: messageOf(error) };
  }
}

function layerOf(bwrap: string, filter: string | null): OsLayer {
  const { stdout } = new Deno.Command(bwrap, { args: ["--version"] }).outputSync();
  const version = new TextDecoder().decode(stdout).trim();
  return {
    active: true,
    description: `${version}, ${filter === null ? "no seccomp" : "seccomp"}`,
    confine: (confinement) => confine(bwrap, filter, confinement),
  };
}

const libraries = new Map<string, readonly string[]>();

function confine(bwrap: string, filter: string | null, confinement: Confinement): HostCommand {
  const { program, args, readOnly = {}, cpuSeconds } = confinement;
  const own = libraries.get(program) ?? librariesOf(program);
  libraries.set(program, own);
  const view = { program, readOnly: { ...readOnly, ...sameInside(own) } };
  const command = {
    program: bwrap,
    args: [...bubblewrapArguments(view, filter === null ? null : 3), ...args],
  };
  return withResourceLimits(command, { cpuSeconds, writesFiles: false }, filter);
}

function sameInside(paths: readonly string[]): Record<string, string> {
  return Object.fromEntries(paths.map((path) => [path, path]));
}

const PROBE_SECONDS = 10;

/** Runs a program in the layer that does nothing there. */
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

/** What goes wrong when a program is run in the layer; null when nothing does. */
function faultOf(bwrap: string, filter: string | null): string | null {
  return faultIn(probeCommand(bwrap, filter).outputSync());
}

function faultIn({ success, code, stderr }: Deno.CommandOutput): string | null {
  if (success) return null;
  const lastLine = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return lastLine || `it ended with code ${code}`;
}

function programInPath(name: string): string | null {
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter).filter((dir) =>
    dir.startsWith("/")
  );
  return folders.map((dir) => join(dir, name)).find((path) => existsSync(path)) ?? null;
}
