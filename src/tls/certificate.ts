import { createPublicKey, verify } from "node:crypto";
import { Buffer } from "node:buffer";
import { type DerValue, oidText, readDer, timeOf } from "./der.ts";

/** What an X.509 certificate says, as far as a server and its clients need it. */
export interface Certificate {
  /** The common name, else the first host, for messages. */
  name: string;
  /** Host names and IP addresses (subjectAltName). */
  hosts: string[];
  /** Milliseconds since the epoch. */
  notBefore: number;
  /** Milliseconds since the epoch. */
  notAfter: number;
  /** It may issue others (basicConstraints CA:TRUE). */
  isAuthority: boolean;
  der: Uint8Array;
  signed: Signed;
}

/** The parts of a certificate that say by whom it was issued. */
interface Signed {
  issuer: Uint8Array;
  subject: Uint8Array;
  publicKey: Uint8Array;
  content: Uint8Array;
  algorithm: string;
  signature: Uint8Array;
}

const COMMON_NAME = "2.5.4.3";
const ALT_NAMES = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const SEQUENCE = 0x30;
const BOOLEAN = 0x01;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

/**
 * Parses a certificate in DER.
 *
 * @throws {Error} if it is not one
 *
 * @example
 * ```ts ignore
 * parseCertificate(der).hosts; // ["intake.example.com"]
 * ```
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const [outer] = readDer(der);
  if (outer?.tag !== SEQUENCE) throw new Error("it is not a certificate");
  const [content, algorithm, signature] = inner(outer);
  const fields = inner(content);
  // The version is left out in certificates of version 1.
  const [, , issuer, validity, subject, publicKey, ...more] = fields[0]?.tag === VERSION
    ? fields.slice(1)
    : fields;
  const [notBefore, notAfter] = inner(validity);
  if (!content || !issuer || !subject || !publicKey || !notBefore || !notAfter || !signature) {
    throw new Error("it is not a certificate");
  }
  const extensions = extensionsOf(more.find(({ tag }) => tag === EXTENSIONS));
  const hosts = hostsOf(extensions.get(ALT_NAMES));
  return {
    name: commonName(subject) ?? hosts[0] ?? "without a name",
    hosts,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    isAuthority: isAuthority(extensions.get(BASIC_CONSTRAINTS)),
    der: outer.whole,
    signed: {
      issuer: issuer.whole,
      subject: subject.whole,
      publicKey: publicKey.whole,
      content: content.whole,
      algorithm: oidText(inner(algorithm)[0]?.content ?? new Uint8Array()),
      // The first octet counts the unused bits.
      signature: signature.content.subarray(1),
    },
  };
}

const HASHES: Record<string, string | null> = {
  "1.2.840.113549.1.1.11": "sha256",
  "1.2.840.113549.1.1.12": "sha384",
  "1.2.840.113549.1.1.13": "sha512",
  "1.2.840.10045.4.3.2": "sha256",
  "1.2.840.10045.4.3.3": "sha384",
  "1.2.840.10045.4.3.4": "sha512",
  // Ed25519 has a hash of its own.
  "1.3.101.112": null,
};

/** Whether a certificate was issued by another: by name, and by signature if its kind is known. */
export function isIssuedBy({ signed }: Certificate, issuer: Certificate): boolean {
  if (!equal(signed.issuer, issuer.signed.subject)) return false;
  const hash = HASHES[signed.algorithm];
  if (hash === undefined) return true;
  try {
    const der = Buffer.from(issuer.signed.publicKey);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    return verify(hash, signed.content, key, signed.signature);
  } catch {
    // The runtime does not know this kind of key.
    return true;
  }
}

/** Whether a certificate names itself as its issuer. */
export function isSelfSigned({ signed }: Certificate): boolean {
  return equal(signed.issuer, signed.subject);
}

/** Whether these are the same certificate. */
export function isSame(one: Certificate, other: Certificate): boolean {
  return equal(one.der, other.der);
}

/** Whether a certificate is valid at a time, in milliseconds since the epoch. */
export function isValidAt({ notBefore, notAfter }: Certificate, now: number): boolean {
  return now >= notBefore && now <= notAfter;
}

/** Such as `2027-01-31 12:00 UTC`. */
export function dateText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function inner(value: DerValue | undefined): DerValue[] {
  return value ? readDer(value.content) : [];
}

function extensionsOf(list: DerValue | undefined): Map<string, Uint8Array> {
  const extensions = inner(inner(list)[0]).map((extension): [string, Uint8Array] => {
    const parts = inner(extension);
    return [
      oidText(parts[0]?.content ?? new Uint8Array()),
      parts.at(-1)?.content ?? new Uint8Array(),
    ];
  });
  return new Map(extensions);
}

function hostsOf(extension: Uint8Array | undefined): string[] {
  if (!extension) return [];
  return inner(readDer(extension)[0]).flatMap(({ tag, content }) => {
    if (tag === DNS_NAME) return [new TextDecoder().decode(content)];
    if (tag === IP_ADDRESS) return [addressText(content)];
    return [];
  });
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, n) => ((bytes[2 * n] ?? 0) * 256 + (bytes[2 * n + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function isAuthority(extension: Uint8Array | undefined): boolean {
  const [first] = extension ? inner(readDer(extension)[0]) : [];
  return first?.tag === BOOLEAN && first.content[0] !== 0;
}

function commonName(subject: DerValue): string | null {
  for (const set of inner(subject)) {
    for (const pair of inner(set)) {
      const [type, value] = inner(pair);
      if (type && value && oidText(type.content) === COMMON_NAME) {
        return new TextDecoder().decode(value.content);
      }
    }
  }
  return null;
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}
