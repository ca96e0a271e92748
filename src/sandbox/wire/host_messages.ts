/**
 * What a module may request from the host while its file runs, and what the host responds. Requests
 * come from a process that runs untrusted code: the host checks their shape and their permissions.
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
} from "./host_request_limits.ts";

/** Lookups in one request. Bounds the size of the response, which the host holds in memory. */
const MAX_LOOKUPS = 1;

/** One column of a key as the module gave it; the host converts it to the column's type. */
const keyPart = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const header = z.string().max(REQUEST_LIMITS.headerChars);

const lookupSchema = z.strictObject({
  table: z.string().max(48),
  /** Complete primary keys: the partition key, then the clustering key. */
  keys: z.array(z.array(keyPart).min(1).max(MAX_KEY_PARTS)).min(1).max(MAX_LOOKUP_KEYS),
});
export type Lookup = z.infer<typeof lookupSchema>;

const httpRequestSchema = z.strictObject({
  url: z.string().max(REQUEST_LIMITS.urlChars),
  method: z.enum(METHODS),
  headers: z.record(z.string().max(REQUEST_LIMITS.headerNameChars), header),
  body: z.string().max(REQUEST_LIMITS.bodyChars).nullable(),
});
/** An HTTP request that the host sends for a module. */
export type HttpRequest = z.infer<typeof httpRequestSchema>;

export const hostRequestSchema = z.strictObject({
  id: z.int().nonnegative(),
  lookups: z.array(lookupSchema).max(MAX_LOOKUPS),
  fetches: z.array(httpRequestSchema).max(MAX_FETCHES),
});
/** sandbox → host */
export type HostRequest = z.infer<typeof hostRequestSchema>;

/** A row by column name; null if it does not exist. */
export type FoundRow = Record<string, string | number | boolean | null> | null;

export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** host → sandbox; results are in the order of the request. The module sees each `error`. */
export interface HostResponse {
  id: number;
  lookups: ({ rows: FoundRow[] } | { error: string })[];
  fetches: (HttpResponse | { error: string })[];
}

/** Answers a module's request; if the promise rejects, the run ends. */
export type HostRequestHandler = (request: HostRequest) => Promise<Omit<HostResponse, "id">>;

/** What a module may use, for the first check, inside the sandbox. */
export interface Grants {
  read: string[];
  net: string[];
  /** Declared secrets; null if the operator has not set a value. */
  secrets: Record<string, string | null>;
}
