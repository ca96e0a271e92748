import type { Client, types } from "cassandra-driver";
import type { ExecutionOptions } from "./execution_options.d.ts";
import type { Request } from "./requests.d.ts";

/** Of the driver's lib/request-handler.js: gets a connection, sends, and retries according to the policies. */
declare const handler: {
  send(request: Request, options: ExecutionOptions, client: Client): Promise<types.ResultSet>;
};
export default handler;
