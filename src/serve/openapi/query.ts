import { z } from "zod";
import type { Operation } from "./operation.ts";

/** A parameter of the query, made of the schema that checks it. */
interface QueryParameter {
  name: string;
  in: "query";
  required: false;
  description: string;
  schema: Record<string, unknown>;
  example?: string;
}

/** The parameters of an operation's query. */
export function queryParameters({ query, queryExample = {} }: Operation): QueryParameter[] {
  if (!query) return [];
  const properties = z.toJSONSchema(query, { io: "input" }).properties ?? {};
  return Object.entries(properties).map(([name, property]) => {
    const schema = typeof property === "object" ? { ...property } : {};
    const example = queryExample[name];
    return {
      name,
      in: "query",
      required: false,
      description: schema.description ?? "",
      schema,
      ...(example !== undefined && { example }),
    };
  });
}
