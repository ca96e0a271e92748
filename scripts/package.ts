/**
 * `deno task package`: builds a Debian package of `dist/mysimbdp`, which it builds first if it is
 * missing or older than the sources. Needs `dpkg-deb`.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { templateToml } from "../src/config/template.ts";
import { VERSION } from "../src/base/version.ts";
import { findProgram, ROOT, runProgram } from "./program.ts";

const SOURCES = join(ROOT, "packaging/debian");
const ARCHITECTURES: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };
const CONFIG = "etc/mysimbdp/mysimbdp.toml";

/** Returns the binary, built if it is missing or stale. */
async function freshBinary(): Promise<string> {
  if (findProgram().what !== "the compiled binary") {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--node-modules-dir=auto", "scripts/build.ts"],
      cwd: ROOT,
    }).output();
    if (!success) throw new Error("Cannot build the binary");
  }
  return join(ROOT, "dist/mysimbdp");
}

/** Runs the binary and returns its standard output. */
async function outputOf(binary: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram({ path: binary, args: [], what: "" }, args);
  if (code !== 0) throw new Error(`Cannot run mysimbdp ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Writes the files of the package to `dir`. */
async function layOut(dir: string, binary: string): Promise<void> {
  await write(dir, "usr/bin/mysimbdp", await Deno.readFile(binary), 0o755);
  const units = join(dir, "usr/lib/systemd/system");
  await Deno.mkdir(units, { recursive: true });
  await outputOf(binary, "manage", "units", "--program", "/usr/bin/mysimbdp", "--out", units);
  const pages = await Deno.makeTempDir();
  await outputOf(binary, "man", "--out", pages);
  for (const { name } of Deno.readDirSync(pages)) {
    const page = await Deno.readFile(join(pages, name));
    await write(dir, `usr/share/man/man1/${name}.gz`, gzipSync(page, { level: 9 }));
  }
  await Deno.remove(pages, { recursive: true });
  const completions: Record<string, string> = {
    bash: "usr/share/bash-completion/completions/mysimbdp",
    zsh: "usr/share/zsh/vendor-completions/_mysimbdp",
    fish: "usr/share/fish/vendor_completions.d/mysimbdp.fish",
  };
  for (const [shell, path] of Object.entries(completions)) {
    await write(dir, path, await outputOf(binary, "completions", shell));
  }
  await write(dir, CONFIG, templateToml(), 0o640);
  const licence = await Deno.readTextFile(join(ROOT, "LICENSE"));
  const copyright = await Deno.readTextFile(join(SOURCES, "copyright"));
  const indented = licence.trim().split("\n").map((line) => ` ${line || "."}`).join("\n");
  await write(dir, "usr/share/doc/mysimbdp/copyright", `${copyright}${indented}\n`);
  const changes = await Deno.readFile(join(ROOT, "CHANGELOG.md"));
  await write(dir, "usr/share/doc/mysimbdp/changelog.gz", gzipSync(changes, { level: 9 }));
}

async function describe(dir: string): Promise<void> {
  const files = [...filesBelow(dir)].sort();
  const bytes = files.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  const sums = files.map((path) => {
    const hash = createHash("md5").update(Deno.readFileSync(path)).digest("hex");
    return `${hash}  ${relative(dir, path)}\n`;
  });
  await write(dir, "DEBIAN/md5sums", sums.join(""));
  await write(dir, "DEBIAN/conffiles", `/${CONFIG}\n`);
  for (const script of ["postinst", "prerm", "postrm"]) {
    await write(dir, `DEBIAN/${script}`, await Deno.readFile(join(SOURCES, script)), 0o755);
  }
  await write(
    dir,
    "DEBIAN/control",
    `Package: mysimbdp
Version: ${VERSION}
Architecture: ${architecture()}
Maintainer: the authors of mysimbdp <mysimbdp@localhost>
Installed-Size: ${Math.ceil(bytes / 1024)}
Depends: libc6 (>= 2.28), libgcc-s1, passwd, init-system-helpers (>= 1.54)
Recommends: bubblewrap
Section: database
Priority: optional
Description: takes in files from many customers and loads them into a database
 Customers send files with "mysimbdp fetch", "mysimbdp serve" receives them, and
 "mysimbdp manage" runs each through that customer's own module, in a sandbox,
 into a keyspace of its own: each file completely or not at all, once.
`,
  );
}

function architecture(): string {
  const found = ARCHITECTURES[Deno.build.arch];
  if (Deno.build.os === "linux" && found) return found;
  throw new Error(`Cannot build a Debian package on ${Deno.build.target}`);
}

async function write(
  dir: string,
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const whole = join(dir, path);
  await Deno.mkdir(dirname(whole), { recursive: true });
  await Deno.writeFile(
    whole,
    typeof content === "string" ? new TextEncoder().encode(content) : content,
  );
  await Deno.chmod(whole, mode);
}

function* filesBelow(dir: string): Generator<string> {
  for (const entry of Deno.readDirSync(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}

async function makePackage(): Promise<void> {
  const binary = await freshBinary();
  const dir = await Deno.makeTempDir();
  try {
    await Deno.chmod(dir, 0o755);
    await layOut(dir, binary);
    await describe(dir);
    const file = join(ROOT, "dist", `mysimbdp_${VERSION}_${architecture()}.deb`);
    const { success, stderr } = await new Deno.Command("dpkg-deb", {
      args: ["--build", "--root-owner-group", "-Zgzip", "-z6", dir, file],
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`Cannot package: ${new TextDecoder().decode(stderr)}`);
    console.log(`${file}: ${(Deno.statSync(file).size / 1e6).toFixed(1)} MB`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

await makePackage();
