/**
 * The messages between the host and a sandbox. Requests come from the host and are trusted. Replies
 * come from a process that runs untrusted code, so the host checks them against a schema.
 *
 * @module
 */
import { z } from "zod";
import type { DeclaredFormat } from "./declaration.ts";
import type { Grants, HostRequest, HostResponse } from "./host_messages.ts";
import type { TableSpec } from "../../batch/column.ts";
import { isTextFormat } from "./text_format.ts";
import { MAX_NOTICE_CHARS, MAX_NOTICES } from "./notice_limits.ts";

/** A module that is not a script: a WebAssembly program, or the output of a native one. */
export type ProgramKind = "wasi" | "output";

/** host → sandbox */
export type SandboxRequest =
  /** Bundle a module's TypeScript files, given by path, into one script. */
  | { type: "bundle"; entry: string; files: Record<string, string> }
  /** Evaluate a bundled module and return its declaration; for a program, check that it compiles. */
  | { type: "describe"; script: string; program?: ProgramKind }
  /** Evaluate a bundled module and run the file that follows through it. */
  | {
    type: "ingest";
    /** A bundled script; for WebAssembly the program's bytes in base64, for a native program "". */
    script: string;
    program?: ProgramKind;
    fileName: string;
    /** Lower-case hex. */
    sha256: string;
    /** The module's file patterns. */
    files: string[];
    /** The patterns of the files in an archive; without them, `files` apply. */
    entries?: string[];
    format: DeclaredFormat;
    tables: TableSpec[];
    /** Maximum length of a record, in characters. */
    maxRecordChars: number;
    /** Maximum size of a compressed file once it is decompressed, in bytes. */
    maxInputBytes: number;
    /** Maximum size of a file that is read into memory as a whole, in bytes. */
    maxWholeBytes: number;
    /** Maximum memory for the keys of the file, which are compared, in bytes. */
    maxKeyBytes: number;
    grants: Grants;
    /** The encoding of each entry of an archive, or of the file: the choices from the format's list. */
    encodings?: string[];
  };

/**
 * What a sandbox's process has to load for a request. It loads this before it locks itself in, because
 * it can open nothing later.
 */
export type Work = "bundle" | "script" | "library" | "program";

/** host → sandbox, before a request. */
export interface Preparation {
  work: Work;
}

/** host → sandbox, once it is prepared. */
export interface Lock {
  /** The limit on the writable private memory of its process, in bytes; null for none. */
  dataBytes: number | null;
}

/** What a request needs. */
export function workOf(request: SandboxRequest): Work {
  if (request.type === "bundle") return "bundle";
  if (request.program) return "program";
  return request.type === "ingest" && !isTextFormat(request.format) ? "library" : "script";
}

/** The request that runs one file through a module. */
export type IngestRequest = Extract<SandboxRequest, { type: "ingest" }>;

/** A fault in a module's source; lines and columns start at 1. */
const sourceFaultSchema = z.object({
  file: z.string(),
  line: z.int(),
  column: z.int(),
  message: z.string(),
});
export type SourceFault = z.infer<typeof sourceFaultSchema>;

const count = z.int().nonnegative();

export const noticesSchema = z.array(z.string().max(MAX_NOTICE_CHARS)).max(MAX_NOTICES);

/** sandbox → host */
export const replySchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  /** All that the request needs is loaded. */
  z.object({ type: z.literal("prepared") }),
  /** The layers that the process has set on itself, for people. */
  z.object({ type: z.literal("locked"), layers: z.array(z.string()) }),
  z.object({ type: z.literal("bundled"), code: z.string() }),
  z.object({ type: z.literal("faults"), faults: z.array(sourceFaultSchema) }),
  /** `declaration` is checked separately, by `parseDeclaration`. */
  z.object({ type: z.literal("described"), declaration: z.unknown() }),
  z.object({
    type: z.literal("done"),
    rows: z.object({
      ...{ read: count, stored: count, replaced: count },
      ...{ rejected: count, skipped: count, written: count },
    }),
  }),
  /** The file or the module failed as a whole. */
  z.object({
    type: z.literal("failed"),
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    /** Records read before the failure. */
    read: count.optional(),
  }),
  /** A line that the module wrote to its console. */
  z.object({ type: z.literal("log"), text: z.string() }),
]);
export type SandboxReply = z.infer<typeof replySchema>;
export type FailedReply = Extract<SandboxReply, { type: "failed" }>;

/** Main thread of the sandbox's process → its Worker. */
export type ToWorker =
  | Exclude<SandboxRequest, { type: "bundle" | "ingest" }>
  /** `input` is the shared memory from which a WebAssembly program reads its file. */
  | IngestRequest & { input?: SharedArrayBuffer }
  /** The next file of an archive follows. */
  | { type: "entry"; name: string }
  | { type: "chunk"; bytes: Uint8Array }
  | { type: "end" }
  /** A batch was sent to the host. */
  | { type: "sent" }
  | { type: "hostResponse"; response: HostResponse }
  /** The rest of the file cannot be read; reported after the records that were. */
  | { type: "fail"; code: string; message: string; hint?: string };

/** Worker → main thread of the sandbox's process, which forwards it unread. */
export type FromWorker =
  | { type: "reply"; reply: SandboxReply }
  | { type: "batch"; bytes: Uint8Array }
  | { type: "rejects"; json: string }
  | { type: "hostRequest"; request: HostRequest }
  /** Remarks about the file for its sender. */
  | { type: "notices"; texts: string[] }
  /** A chunk was processed: the next one can be sent. */
  | { type: "taken" };
