import type { Libc } from "./libc.ts";

// The same numbers on all architectures that Linux supports.
const CREATE_RULESET = 444n;
const RESTRICT_SELF = 446n;
const CREATE_RULESET_VERSION = 1;
/** Restricts all threads of the process, not only the caller's. */
const RESTRICT_SELF_TSYNC = 1 << 3;

/** From which version of Landlock on the kernel knows each kind of access. */
const FILE_ACCESS = [
  { abi: 1, mask: 0x1fffn },
  { abi: 2, mask: 1n << 13n }, // to link and rename between folders
  { abi: 3, mask: 1n << 14n }, // to truncate
  { abi: 5, mask: 1n << 15n }, // ioctl on devices
];
const TCP_ACCESS = [{ abi: 4, mask: 0b11n }]; // to bind and to connect
const SCOPES = [{ abi: 6, mask: 0b11n }]; // abstract sockets and signals
const TSYNC_ABI = 8;

/** The version of Landlock that the kernel has; 0 without Landlock. */
export function landlockAbi({ symbols }: Libc): number {
  return Math.max(
    0,
    Number(symbols.createRuleset(CREATE_RULESET, null, 0n, CREATE_RULESET_VERSION)),
  );
}

/**
 * Takes away all files, TCP, and where the kernel has scopes, signals to other processes and their
 * abstract sockets. It applies to the calling thread and to those that it starts later. Files that are
 * open stay open. No new privileges must be set before.
 *
 * @returns whether the kernel did it
 */
export function denyByLandlock({ symbols }: Libc, abi: number): boolean {
  const maskOf = (table: typeof FILE_ACCESS) =>
    table.filter((one) => one.abi <= abi).reduce((all, { mask }) => all | mask, 0n);
  const attributes = new BigUint64Array([maskOf(FILE_ACCESS), maskOf(TCP_ACCESS), maskOf(SCOPES)]);
  // An older kernel refuses a longer structure only if the rest is not zero.
  const size = BigInt(attributes.byteLength);
  const ruleset = Number(symbols.createRuleset(CREATE_RULESET, attributes, size, 0));
  if (ruleset < 0) return false;
  const flags = abi >= TSYNC_ABI ? RESTRICT_SELF_TSYNC : 0;
  // The descriptor stays open: it gives no access.
  return Number(symbols.restrictSelf(RESTRICT_SELF, ruleset, flags)) === 0;
}
