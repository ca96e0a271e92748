import { parseArgs } from "node:util";

/** A platform that the program is built for. */
export interface Target {
  /** The name for `--target`. */
  name: string;
  /** The name for `deno compile --target`. */
  triple: string;
  /** The platform of a wheel, as pip names it. */
  pip: string;
  executable: string;
}

const target = (name: string, triple: string, pip: string): Target => ({
  name,
  triple,
  pip,
  executable: name.startsWith("windows") ? "mysimbdp.exe" : "mysimbdp",
});

/** All platforms of customers. */
export const TARGETS: readonly Target[] = [
  target("linux-x64", "x86_64-unknown-linux-gnu", "manylinux_2_28_x86_64"),
  target("linux-arm64", "aarch64-unknown-linux-gnu", "manylinux_2_28_aarch64"),
  target("macos-x64", "x86_64-apple-darwin", "macosx_10_12_x86_64"),
  target("macos-arm64", "aarch64-apple-darwin", "macosx_11_0_arm64"),
  target("windows-x64", "x86_64-pc-windows-msvc", "win_amd64"),
];

/** The platform of this machine. */
export function hostTarget(): Target {
  const host = TARGETS.find(({ triple }) => triple === Deno.build.target);
  if (host) return host;
  throw new Error(`Cannot build on ${Deno.build.target}: supported are ${names()}`);
}

/**
 * Returns the targets of `--target`: comma-separated names, or `all`; none if it is missing.
 */
export function askedTargets(args: string[]): { targets: Target[]; isAll: boolean } | null {
  const { values } = parseArgs({ args, options: { target: { type: "string" } } });
  if (values.target === undefined) return null;
  if (values.target === "all") return { targets: [...TARGETS], isAll: true };
  const targets = values.target.split(",").map((name) => {
    const found = TARGETS.find((known) => known.name === name);
    if (!found) throw new Error(`Cannot build for "${name}": use ${names()} or all`);
    return found;
  });
  return { targets, isAll: false };
}

function names(): string {
  return TARGETS.map(({ name }) => name).join(", ");
}
