import { type Certificate, parseCertificate } from "./certificate.ts";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;

/** A PEM file (RFC 7468) that was read. */
export interface PemFile {
  text: string;
  /** The labels of its blocks, such as `CERTIFICATE`. */
  labels: string[];
  certificates: Certificate[];
}

/**
 * Parses the content of a PEM file, which may begin with a byte order mark.
 *
 * @throws {Error} whose message is the reason, to follow a colon
 *
 * @example
 * ```ts ignore
 * parsePem(await Deno.readFile("chain.pem")).certificates[0]?.name; // "intake.example.com"
 * ```
 */
export function parsePem(bytes: Uint8Array): PemFile {
  if (bytes.length === 0) throw new Error("it is empty");
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) ||
    (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (isUtf16) throw new Error("it is UTF-16, not PEM; save it as UTF-8");
  const text = new TextDecoder().decode(bytes);
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0) {
    const kind = bytes[0] === 0x30 && bytes[1] !== undefined && bytes[1] > 0x7f
      ? "it is DER, not PEM"
      : "it is not PEM";
    throw new Error(kind);
  }
  const labels = blocks.map(([, label = ""]) => label);
  const bodies = blocks.filter(([, label]) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label ?? ""));
  const certificates = bodies.map(([, , body = ""], at) => {
    try {
      return parseCertificate(
        Uint8Array.from(atob(body.replaceAll(/\s/g, "")), (c) => c.charCodeAt(0)),
      );
    } catch {
      throw new Error(`its certificate number ${at + 1} is damaged`);
    }
  });
  return { text, labels, certificates };
}

/** Returns a certificate in PEM, as every reader accepts it: labels, comments and lines are standard. */
export function toPem({ der }: Pick<Certificate, "der">): string {
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
