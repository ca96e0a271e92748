/**
 * bubblewrap around untrusted code: namespaces and a system call filter. It works on Linux, if it is
 * installed and the kernel allows it. Our own processes set more layers on themselves, which need
 * nothing installed.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { messageOf } from "../../base/failure.ts";
import { bubblewrapArguments } from "./bubblewrap.ts";
import { LAYERS_ARGUMENT } from "../kernel/layers_argument.ts";
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
  /** For people: `bubblewrap 0.8.0`. */
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

/** bubblewrap on this machine. */
export type OsSandbox = ActiveOsSandbox | UnavailableOsSandbox;

/** What was found on this machine. */
interface Found {
  around: OsSandbox;
  /** The layers that a process of our own program sets on itself. */
  inside: readonly string[];
}

let found: Found | null = null;

/** bubblewrap on this machine; the first call tests it. */
export function osSandbox(): OsSandbox {
  return testedLayers().around;
}

/** What works on this machine; the first call tests it. */
export function testedLayers(): Found {
  return found ??= probe();
}

/** The same, but testing it, which takes 0.1 seconds or more, does not block the caller's thread. */
export async function testLayers(): Promise<void> {
  // Only if the complete sandbox fails, find out what is missing, step by step.
  found ??= await probeComplete().catch(() => null) ?? probe();
}

/** All that this machine may have; null if it does not work. */
async function probeComplete(): Promise<Found | null> {
  if (Deno.build.os !== "linux") return null;
  const bwrap = programInPath("bwrap");
  const filter = bwrap === null ? null : filterFile();
  if (bwrap !== null && filter === null) return null;
  const { success, stdout } = await commandOf(probeCommand(bwrap, filter)).output();
  if (!success) return null;
  const around = bwrap === null ? noBubblewrap() : sandboxOf(bwrap, filter);
  return { around, inside: namesIn(stdout) };
}

/** Why bubblewrap cannot work on this machine; null when it has to be tested. */
export function whyNoBubblewrap(): string | null {
  if (Deno.build.os !== "linux") return "it needs Linux";
  return programInPath("bwrap") === null ? "bubblewrap is not installed" : null;
}

function noBubblewrap(): OsSandbox {
  return { active: false, why: whyNoBubblewrap() ?? "" };
}

function probe(): Found {
  const bwrap = whyNoBubblewrap() === null ? programInPath("bwrap") : null;
  if (bwrap === null) return { around: noBubblewrap(), inside: insideAlone() };
  try {
    const filter = filterFile();
    const complete = tried(probeCommand(bwrap, filter));
    if (complete.error === null) {
      return { around: sandboxOf(bwrap, filter), inside: complete.names };
    }
    const { error, names } = filter === null ? complete : tried(probeCommand(bwrap, null));
    if (error === null) return { around: sandboxOf(bwrap, null), inside: names };
    const why = `bubblewrap fails: ${error}`;
    return { around: { active: false, why }, inside: insideAlone() };
  } catch (error) {
    return { around: { active: false, why: messageOf(error) }, inside: insideAlone() };
  }
}

function insideAlone(): readonly string[] {
  return Deno.build.os === "linux" ? tried(probeCommand(null, null)).names : [];
}

function sandboxOf(bwrap: string, filter: string | null): OsSandbox {
  const { stdout } = new Deno.Command(bwrap, { args: ["--version"] }).outputSync();
  return {
    active: true,
    description: new TextDecoder().decode(stdout).trim(),
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

/** A program that prints the layers that it could set on itself, or does nothing. */
function probeCommand(bwrap: string | null, filter: string | null): HostCommand {
  const program = Deno.build.standalone ? Deno.execPath() : programInPath("true") ?? "/bin/true";
  const args = Deno.build.standalone ? [LAYERS_ARGUMENT] : [];
  return bwrap === null
    ? withResourceLimits({ program, args }, { cpuSeconds: PROBE_SECONDS })
    : confine(bwrap, filter, { program, args, cpuSeconds: PROBE_SECONDS });
}

function commandOf({ program, args }: HostCommand): Deno.Command {
  const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command(program, { args, clearEnv: true, ...streams });
}

/** Runs a probe. @returns the layers that it set, or its error message */
function tried(command: HostCommand): { names: readonly string[]; error: string | null } {
  const { success, code, stdout, stderr } = commandOf(command).outputSync();
  if (success) return { names: namesIn(stdout), error: null };
  const lastLine = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  return { names: [], error: lastLine || `it exited with code ${code}` };
}

function namesIn(stdout: Uint8Array): readonly string[] {
  const text = new TextDecoder().decode(stdout).trim();
  return text === "" ? [] : JSON.parse(text);
}

function programInPath(name: string): string | null {
  const folders = (Deno.env.get("PATH") ?? "").split(delimiter).filter((dir) =>
    dir.startsWith("/")
  );
  return folders.map((dir) => join(dir, name)).find((path) => existsSync(path)) ?? null;
}
