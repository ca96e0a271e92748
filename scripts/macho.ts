/**
 * Removes the payload of `deno compile` from a 64-bit Mach-O program, so that the rest can be used to
 * compile again. On arm64 the payload is a segment `__SUI` before `__LINKEDIT`, on x86-64 it is bytes
 * after the string table. The layout is Apple's `mach-o/loader.h`.
 *
 * @module
 */
const MAGIC_64 = 0xfeedfacf;
const HEADER_BYTES = 32;
const LC = {
  segment64: 0x19,
  symtab: 0x2,
  dysymtab: 0xb,
  codeSignature: 0x1d,
  functionStarts: 0x26,
  dataInCode: 0x29,
  dyldInfoOnly: 0x80000022,
};
/** Positions in load commands of file offsets that point into `__LINKEDIT`. */
const FILE_OFFSETS: Record<number, number[]> = {
  [LC.symtab]: [8, 16],
  [LC.dysymtab]: [32, 40, 48, 56, 64, 72],
  [LC.codeSignature]: [8],
  [LC.functionStarts]: [8],
  [LC.dataInCode]: [8],
  [LC.dyldInfoOnly]: [8, 16, 24, 32, 40],
};
const SENTINEL = new TextEncoder().encode("<~sui-data~>");

interface Command {
  at: number;
  kind: number;
  bytes: number;
  /** Of a segment. */
  name: string;
}

/** Returns the program without its payload. */
export function withoutPayload(program: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = program.slice();
  const commands = commandsOf(bytes);
  const linkedit = commands.find(({ name }) => name === "__LINKEDIT");
  if (!linkedit) throw new Error("Cannot cut denort: no __LINKEDIT");
  const payload = commands.find(({ name }) => name === "__SUI");
  return payload
    ? dropSegment(bytes, commands, payload, linkedit)
    : dropTail(bytes, commands, linkedit);
}

/** The names of a program's segments in order, to verify what was compiled. */
export function segmentsOf(program: Uint8Array): string[] {
  return commandsOf(program).filter(({ kind }) => kind === LC.segment64).map(({ name }) => name);
}

function commandsOf(bytes: Uint8Array): Command[] {
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC_64) throw new Error("Cannot cut denort: no Mach-O file");
  const commands: Command[] = [];
  let at = HEADER_BYTES;
  for (let left = view.getUint32(16, true); left > 0; left--) {
    const kind = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    const text = kind === LC.segment64 ? bytes.subarray(at + 8, at + 24) : new Uint8Array();
    const name = new TextDecoder().decode(text).replaceAll("\0", "");
    commands.push({ at, kind, bytes: size, name });
    at += size;
  }
  return commands;
}

/** arm64: removes the segment and moves what follows it. */
function dropSegment(
  bytes: Uint8Array,
  commands: Command[],
  payload: Command,
  linkedit: Command,
): Uint8Array<ArrayBuffer> {
  const view = viewOf(bytes);
  const start = Number(view.getBigUint64(payload.at + 40, true));
  const length = view.getBigUint64(payload.at + 48, true);
  const memory = view.getBigUint64(payload.at + 32, true);
  for (const field of [24, 40]) {
    const gone = field === 24 ? memory : length;
    const place = linkedit.at + field;
    view.setBigUint64(place, view.getBigUint64(place, true) - gone, true);
  }
  for (const { at, kind } of commands) {
    for (const field of FILE_OFFSETS[kind] ?? []) {
      const offset = view.getUint32(at + field, true);
      if (offset > start) view.setUint32(at + field, offset - Number(length), true);
    }
  }
  dropCommand(bytes, payload);
  const behind = bytes.subarray(start + Number(length));
  const whole = new Uint8Array(start + behind.length);
  whole.set(bytes.subarray(0, start));
  whole.set(behind, start);
  return whole;
}

/** x86-64: truncates the file where the payload began; the signature after it becomes invalid. */
function dropTail(
  bytes: Uint8Array,
  commands: Command[],
  linkedit: Command,
): Uint8Array<ArrayBuffer> {
  const view = viewOf(bytes);
  const symtab = commands.find(({ kind }) => kind === LC.symtab);
  if (!symtab) throw new Error("Cannot cut denort: no symbol table");
  const strings = view.getUint32(symtab.at + 16, true);
  const end = indexOf(bytes, SENTINEL, strings);
  if (end < 0) throw new Error("Cannot cut denort: no payload was found");
  view.setUint32(symtab.at + 20, end - strings, true);
  const start = Number(view.getBigUint64(linkedit.at + 40, true));
  view.setBigUint64(linkedit.at + 48, BigInt(end - start), true);
  const signature = commands.find(({ kind }) => kind === LC.codeSignature);
  if (signature) dropCommand(bytes, signature);
  return bytes.slice(0, end);
}

function dropCommand(bytes: Uint8Array, command: Command): void {
  const view = viewOf(bytes);
  const count = view.getUint32(16, true);
  const size = view.getUint32(20, true);
  const end = HEADER_BYTES + size;
  bytes.copyWithin(command.at, command.at + command.bytes, end);
  bytes.fill(0, end - command.bytes, end);
  view.setUint32(16, count - 1, true);
  view.setUint32(20, size - command.bytes, true);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0, from); at >= 0;) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at;
    at = bytes.indexOf(wanted[0] ?? 0, at + 1);
  }
  return -1;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
