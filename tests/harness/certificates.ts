import { join } from "node:path";
import { isMissing } from "./tools.ts";

export const hasOpenssl = !isMissing("openssl");

interface CertificateOptions {
  /** The key, as for `openssl req -newkey`. @default "rsa:2048" */
  key?: string[];
  /** The name of the certificate that issues it. @default itself */
  by?: string;
  /** Days from now; negative for one that has expired. @default 90 */
  days?: number;
  /** Lines of its extensions. @default the addresses of this machine */
  extensions?: string[];
}

export const EC = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1";
export const AUTHORITY = "basicConstraints=critical,CA:TRUE";

/** Certificates with their keys in a folder, made by openssl. */
export class Certificates {
  constructor(readonly dir: string) {}

  path(name: string): string {
    return join(this.dir, name);
  }

  text(name: string): string {
    return Deno.readTextFileSync(this.path(name));
  }

  /** Writes `NAME.pem` and `NAME.key`. */
  async make(name: string, options: CertificateOptions = {}): Promise<void> {
    const { key = ["rsa:2048"], by = name, days = 90, extensions = [LOCAL] } = options;
    const request = this.path(`${name}.csr`);
    const extFile = this.path(`${name}.ext`);
    await Deno.writeTextFile(extFile, `${extensions.join("\n")}\n`);
    const newkey = ["-newkey", ...key, "-nodes", "-keyout", this.path(`${name}.key`)];
    await this.openssl("req", "-new", "-subj", `/CN=${name}`, ...newkey, "-out", request);
    const signer = by === name
      ? ["-key", this.path(`${name}.key`)]
      : ["-CA", this.path(`${by}.pem`), "-CAkey", this.path(`${by}.key`), "-CAcreateserial"];
    await this.openssl("x509", "-req", "-in", request, ...signer, ...["-days", `${days}`], ...[
      "-extfile",
      extFile,
      "-out",
      this.path(`${name}.pem`),
    ]);
  }

  /** Writes a certificate with its issuers as the files of a server; each appears at once. */
  async install(names: string[], key = names[0]): Promise<void> {
    await this.put("server.pem", names.map((name) => this.text(`${name}.pem`)).join(""));
    await this.put("server.key", this.text(`${key}.key`));
  }

  async put(name: string, content: string): Promise<void> {
    await Deno.writeTextFile(this.path("new"), content);
    await Deno.rename(this.path("new"), this.path(name));
  }

  async openssl(...args: string[]): Promise<void> {
    const command = new Deno.Command("openssl", { args, stdin: "null" });
    const { success, stderr } = await command.output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  }
}
