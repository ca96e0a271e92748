/** What happens in the server; each gives a log line at the caller's and a metric here. */
export type ServeEvent =
  | {
    type: "request";
    method: string;
    /** The route's pattern, never the path with its ids. */
    route: string;
    status: number;
    seconds: number;
    tenant: string | null;
  }
  | { type: "upload-created"; tenant: string; id: string; name: string; size: number }
  /** A request's bytes are stored, all that were sent or those that came before it broke off. */
  | { type: "bytes-received"; tenant: string; id: string; bytes: number; ended: BodyEnd }
  | {
    type: "upload-finished";
    tenant: string;
    id: string;
    /** Another than `id` where the server already had this name and content. */
    fileId: string;
    name: string;
    version: number;
    size: number;
    sha256: string;
  }
  | { type: "upload-terminated"; tenant: string; id: string }
  | { type: "uploads-expired"; uploads: number }
  /** A customer's module is stored; it is checked elsewhere. */
  | { type: "module-submitted"; tenant: string; version: string; files: number }
  /** A request was answered with a problem; `code` is its type. */
  | {
    type: "refused";
    code: string;
    status: number;
    tenant: string | null;
    detail: string;
    /** Who asked. */
    address: string;
    /** The request came with a password or a token. */
    signedIn: boolean;
  }
  /** A customer has used up four fifths of a constraint, or more. */
  | { type: "limit-near"; tenant: string; limit: string; used: number; most: number }
  /** Something that was not expected; the client saw none of it. */
  | { type: "error"; method: string; path: string; error: unknown };

/** How a body came to its end. */
export type BodyEnd = "whole" | "cut" | "stalled" | "interrupted";

/** Takes events as they happen; must not throw. */
export type Report = (event: ServeEvent) => void;
