import type { Client, QueryOptions } from "cassandra-driver";

export interface ExecutionOptions {
  getLoadBalancingPolicy(): unknown;
}

/** Of the driver's lib/execution-options.js. */
declare const exported: {
  DefaultExecutionOptions: { create(options: QueryOptions, client: Client): ExecutionOptions };
};
export default exported;
