import { errors, policies, types } from "cassandra-driver";
import { Failure, messageOf } from "../../../base/failure.ts";

const { responseErrorCodes } = types;

/** Answers after which the same request may succeed: the cluster is busy, or parts of it are away. */
const PASSING: ReadonlySet<number> = new Set([
  responseErrorCodes.overloaded,
  responseErrorCodes.isBootstrapping,
  responseErrorCodes.unavailableException,
  responseErrorCodes.writeTimeout,
  responseErrorCodes.readTimeout,
  responseErrorCodes.writeFailure,
  responseErrorCodes.serverError,
]);

/**
 * Moves on to another node where one is gone, and leaves all else to the writer: an overloaded
 * cluster gets a pause, not the next request.
 */
export class NextNodeRetryPolicy extends policies.retry.RetryPolicy {
  override onRequestError(
    _info: unknown,
    consistency: types.consistencies,
    error: Error,
  ): policies.retry.DecisionInfo {
    return error instanceof errors.ResponseError
      ? this.rethrowResult()
      : this.retryResult(consistency, false);
  }

  override onUnavailable(): policies.retry.DecisionInfo {
    return this.rethrowResult();
  }

  override onWriteTimeout(): policies.retry.DecisionInfo {
    return this.rethrowResult();
  }
}

/** Whether a request that ended so may be sent again after a pause. */
export function isPassing(thrown: unknown): boolean {
  if (thrown instanceof errors.ResponseError) return PASSING.has(thrown.code);
  return thrown instanceof errors.NoHostAvailableError ||
    thrown instanceof errors.OperationTimedOutError ||
    thrown instanceof errors.BusyConnectionError ||
    (thrown instanceof Error && "isSocketError" in thrown);
}

/** What the driver threw as a {@link Failure}; one that is a Failure already stays what it is. */
export function writeFailure(thrown: unknown, table: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const sentence = `Cannot write rows of table "${table}": ${shortText(thrown)}`;
  const code = thrown instanceof errors.ResponseError ? thrown.code : null;
  if (code === responseErrorCodes.invalid) {
    return new Failure("refused", "rows-refused", sentence, {
      hint: "The cluster takes no such value; see that the module gives none.",
      cause: thrown,
    });
  }
  if (code === responseErrorCodes.unauthorized) {
    return new Failure("storage", "storage-denied", sentence, {
      hint: "Give the tenant's role its rights on the tenant's keyspace again.",
      cause: thrown,
    });
  }
  const isAway = isPassing(thrown);
  return new Failure("storage", isAway ? "storage-unreachable" : "storage-error", sentence, {
    ...(isAway ? { hint: "See that enough of the cluster's nodes are up and answer." } : {}),
    cause: thrown,
  });
}

/** The driver's sentence; where no node could be reached, with what the first of them said. */
function shortText(thrown: unknown): string {
  if (!(thrown instanceof errors.NoHostAvailableError)) return messageOf(thrown);
  const [first] = Object.values(thrown.innerErrors ?? {});
  return `no node of the cluster could take them${first ? ` (${messageOf(first)})` : ""}`;
}
