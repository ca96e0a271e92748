import { join } from "node:path";

interface LockedPackage {
  integrity: string;
  dependencies?: string[];
}

/** The parts of `deno.lock` that are read. */
interface Lock {
  npm: Record<string, LockedPackage>;
}

/**
 * Returns the bill of materials of a build in CycloneDX 1.6: every package of `deno.lock` with its
 * hash. `required` packages have code in the program; `excluded` ones only build or test it.
 *
 * @param embedded packages with code in the program, as `name@version`
 */
export function billOfMaterials(root: string, version: string, embedded: string[]): object {
  const lock: Lock = JSON.parse(Deno.readTextFileSync(join(root, "deno.lock")));
  const inside = new Set(embedded);
  const packages = new Map(
    Object.entries(lock.npm).map(([key, locked]) => [withoutPeers(key), locked]),
  );
  const missing = embedded.filter((name) => !packages.has(name));
  if (missing.length > 0) throw new Error(`Cannot list ${missing.join(", ")}: not in deno.lock`);
  const components = [...packages].map(([name, { integrity }]) => ({
    type: "library",
    "bom-ref": purl(name),
    ...partsOf(name),
    purl: purl(name),
    scope: inside.has(name) ? "required" : "excluded",
    hashes: [{ alg: "SHA-512", content: hexOf(integrity) }],
  }));
  const runtime = {
    type: "framework",
    "bom-ref": `pkg:github/denoland/deno@v${Deno.version.deno}`,
    name: "deno",
    version: Deno.version.deno,
    purl: `pkg:github/denoland/deno@v${Deno.version.deno}`,
    scope: "required",
  };
  const main = `pkg:generic/mysimbdp@${version}`;
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": main, name: "mysimbdp", version, purl: main },
    },
    components: [runtime, ...components],
    dependencies: [
      { ref: main, dependsOn: [runtime.purl, ...embedded.map(purl)] },
      ...[...packages].map(([name, { dependencies = [] }]) => ({
        ref: purl(name),
        dependsOn: dependencies.map((wanted) => purl(lockedName(wanted, packages))),
      })),
    ],
  };
}

/** A dependency has no version in its name if the lock has only one version of it. */
function lockedName(wanted: string, packages: Map<string, LockedPackage>): string {
  const name = withoutPeers(wanted);
  if (packages.has(name)) return name;
  return [...packages.keys()].find((key) => key.startsWith(`${name}@`)) ?? name;
}

/** In the lock, peer dependencies follow the version after an underscore. */
function withoutPeers(name: string): string {
  return name.replace(/^(.[^@]*@[^_]+)_.*$/, "$1");
}

function partsOf(name: string): { group?: string; name: string; version: string } {
  const [, scope, bare = "", version = ""] = /^(?:(@[^/]+)\/)?([^@]+)@(.+)$/.exec(name) ?? [];
  return { ...(scope && { group: scope }), name: bare, version };
}

function purl(name: string): string {
  return `pkg:npm/${name.replace(/^@/, "%40")}`;
}

function hexOf(integrity: string): string {
  return Uint8Array.fromBase64(integrity.replace(/^sha512-/, "")).toHex();
}
