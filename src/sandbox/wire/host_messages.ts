/**
 * What a module may ask of the host while its file runs, and what it is answered. Asks come from a
 * process that runs a stranger's code: they are checked by schema and, by the host, by permission.
 *
 * @module
 */
import { z } from "zod";
import {
  MAX_FETCHES,
  MAX_KEY_PARTS,
  MAX_LOOKUP_KEYS,
  METHODS,
  REQUEST_LIMITS,
} from "./host_limits.ts";

/** An answer must not be larger than the host can hold. */
const MAX_LOOKUPS = 1;

/** A part of a key as a module gives it; it is turned into its column's type by the host. */
const keyPart = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const header = z.string().max(REQUEST_LIMITS.headerChars);

const lookupSchema = z.strictObject({
  table: z.string().max(48),
  /** Whole primary keys: the partition key, then the clustering key. */
  keys: z.array(z.array(keyPart).min(1).max(MAX_KEY_PARTS)).min(1).max(MAX_LOOKUP_KEYS),
});
export type Lookup = z.infer<typeof lookupSchema>;

const outgoingSchema = z.strictObject({
  url: z.string().max(REQUEST_LIMITS.urlChars),
  method: z.enum(METHODS),
  headers: z.record(z.string().max(REQUEST_LIMITS.headerNameChars), header),
  body: z.string().max(REQUEST_LIMITS.bodyChars).nullable(),
});
/** An HTTP request that a module asks for. */
export type Outgoing = z.infer<typeof outgoingSchema>;

export const askSchema = z.strictObject({
  id: z.int().nonnegative(),
  lookups: z.array(lookupSchema).max(MAX_LOOKUPS),
  fetches: z.array(outgoingSchema).max(MAX_FETCHES),
});
/** sandbox → host */
export type Ask = z.infer<typeof askSchema>;

/** A row by the names of its columns; null where there is none. */
export type FoundRow = Record<string, string | number | boolean | null> | null;

/** What came back over HTTP. */
export interface Incoming {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** host → sandbox; each result stands where its question stood. `error` is for the module to see. */
export interface Answer {
  id: number;
  lookups: ({ rows: FoundRow[] } | { error: string })[];
  fetches: (Incoming | { error: string })[];
}

/** Answers what a module asks; a promise that fails ends the run. */
export type Answerer = (ask: Ask) => Promise<Omit<Answer, "id">>;

/** What a run was allowed, for the first check, inside the sandbox. */
export interface Grants {
  read: string[];
  net: string[];
  /** Declared secrets; null where the platform has no value. */
  secrets: Record<string, string | null>;
}
