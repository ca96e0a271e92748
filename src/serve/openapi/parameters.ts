import { z } from "zod";
import type { Route } from "../http/route.ts";

/** A parameter as OpenAPI describes it. */
export interface DocumentedParameter {
  name: string;
  in: "path" | "header" | "query";
  required: boolean;
  description: string;
  schema: Record<string, unknown>;
  example?: string;
}

/** All parameters of a route; those of the query come from its schema. */
export function parametersOf({ params = {}, headers = {}, query }: Route): DocumentedParameter[] {
  const given = [["path", params], ["header", headers]] as const;
  const properties = query ? z.toJSONSchema(query.schema, { io: "input" }).properties ?? {} : {};
  return [
    ...given.flatMap(([place, named]) =>
      Object.entries(named).map(([name, { required = true, ...rest }]) => ({
        name,
        in: place,
        required,
        ...rest,
        schema: { type: "string" },
      }))
    ),
    ...Object.entries(properties).map(([name, property]) => {
      const schema = typeof property === "object" ? { ...property } : {};
      const example = query?.example?.[name];
      return {
        name,
        in: "query" as const,
        required: false,
        description: schema.description ?? "",
        schema,
        ...(example !== undefined && { example }),
      };
    }),
  ];
}
