import type { z } from "zod";
import type { ProblemCode } from "../http/problems.ts";

/** Who may ask: anybody, a customer for its own things, or an operator for everybody's. */
type Audience = "anyone" | "customer" | "operator";

/** A path's or a header's parameter; those of the query come from its schema. */
export interface Parameter {
  name: string;
  in: "path" | "header";
  description: string;
  example: string;
  /** @default true */
  required?: boolean;
}

/** A body, of a request or of an answer. */
export interface Body {
  /** The schema by which it is checked; none for what is not JSON. */
  schema?: z.ZodType;
  /** @default "application/json" */
  mediaType?: string;
  example: unknown;
  /** Of a request: whether it may be left out. @default true */
  required?: boolean;
}

/** How a request that was understood is answered. */
interface Answer {
  status: number;
  description: string;
  body?: Body;
  /** Headers that come with it, and what they say. */
  headers?: Record<string, string>;
}

/** One route of the server, as the document at `/openapi.json` tells of it. */
export interface Operation {
  method: "get" | "head" | "post" | "put" | "patch" | "delete" | "options";
  /** With parameters in braces, as in `/v1/files/{id}`. */
  path: string;
  /** Unique, for generated clients. */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  audience: Audience;
  parameters?: Parameter[];
  /** An object; each of its keys becomes a parameter. */
  query?: z.ZodType;
  /** Values of the query for the example. */
  queryExample?: Record<string, string>;
  body?: Body;
  answer: Answer;
  /** Problems besides those that each route of its audience may answer with. */
  problems?: ProblemCode[];
}
