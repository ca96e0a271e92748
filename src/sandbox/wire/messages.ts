/**
 * What the host and the sandbox say to each other. Requests come from the host and are trusted;
 * replies come from a process that runs a stranger's code and are checked by schema.
 *
 * @module
 */
import { z } from "zod";
import type { DeclaredFormat } from "./declaration.ts";
import type { Answer, Ask, Grants } from "./host_messages.ts";
import type { TableSpec } from "../../batch/column.ts";

/** What a module is that is no script: a program to run, or the output of one that runs elsewhere. */
export type ProgramKind = "wasi" | "output";

/** host → sandbox */
export type Request =
  /** Bundle a module's TypeScript, given as its files by path, into one script. */
  | { type: "bundle"; entry: string; files: Record<string, string> }
  /** Evaluate a bundled module and say what it declares; of a program, see whether it is one. */
  | { type: "describe"; script: string; program?: ProgramKind }
  /** Evaluate a bundled module and run the file that follows through it. */
  | {
    type: "ingest";
    /** A script; of a program in WebAssembly its bytes in base64, of a native one nothing. */
    script: string;
    program?: ProgramKind;
    fileName: string;
    /** Lower-case hex. */
    sha256: string;
    /** The names of files that the module takes, for the files in an archive. */
    files: string[];
    format: DeclaredFormat;
    tables: TableSpec[];
    maxRecordChars: number;
    /** The most bytes to which a compressed file may grow. */
    maxInputBytes: number;
    /** The most bytes of a file that can only be read as a whole. */
    maxWholeBytes: number;
    grants: Grants;
  };

/** A fault in a module's source, with lines and columns from 1. */
const sourceFaultSchema = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
});
export type SourceFault = z.infer<typeof sourceFaultSchema>;

const count = z.int().nonnegative();

/** sandbox → host */
export const replySchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("bundled"), code: z.string() }),
  z.object({ type: z.literal("faults"), faults: z.array(sourceFaultSchema) }),
  /** `declaration` is checked on its own by `parseDeclaration`. */
  z.object({ type: z.literal("described"), declaration: z.unknown() }),
  z.object({
    type: z.literal("done"),
    rows: z.object({ read: count, stored: count, rejected: count, skipped: count, written: count }),
  }),
  /** The file or the module is at fault as a whole. */
  z.object({
    type: z.literal("failed"),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    /** Records of the file that were read until then. */
    read: count.optional(),
  }),
  /** A line that the module wrote to its console. */
  z.object({ type: z.literal("log"), text: z.string() }),
]);
export type Reply = z.infer<typeof replySchema>;

/** Main thread of the sandbox's process → its Worker. */
export type ToWorker =
  | Exclude<Request, { type: "bundle" | "ingest" }>
  /** `input` is where a program in WebAssembly finds its file. */
  | Extract<Request, { type: "ingest" }> & { input?: SharedArrayBuffer }
  /** What follows is the next file of an archive. */
  | { type: "entry"; name: string }
  | { type: "chunk"; bytes: Uint8Array }
  | { type: "end" }
  /** A batch has left for the host. */
  | { type: "sent" }
  | { type: "answer"; answer: Answer }
  /** The rest of the file cannot be had: its reason comes back behind what was read before. */
  | { type: "fail"; code: string; message: string; hint?: string };

/** Worker → main thread of the sandbox's process, which forwards it without a look inside. */
export type FromWorker =
  | { type: "reply"; reply: Reply }
  | { type: "batch"; bytes: Uint8Array }
  | { type: "rejects"; json: string }
  | { type: "ask"; ask: Ask }
  /** A chunk was worked off: the next may come. */
  | { type: "taken" };
