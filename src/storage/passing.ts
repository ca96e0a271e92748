import { Failure } from "../base/failure.ts";

/** In the details of a failure at which nothing was at fault but the moment. */
export const PASSING = { passing: true } as const;

/** Whether a storage may answer in a moment, with nothing changed by anybody. */
export function isPassing(error: unknown): boolean {
  return error instanceof Failure && error.details["passing"] === true;
}
