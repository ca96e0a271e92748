import type { Failure } from "../../base/failure.ts";
import { cassandraFailure } from "./errors.ts";
import { newClient, Session } from "./session.ts";
import type { ConnectionSettings } from "./settings.ts";

/** The failure with which a role cannot log in; null if it can. */
export async function loginFailure(
  connection: ConnectionSettings,
  login: { user: string; password: string },
): Promise<Failure | null> {
  // A single connection, so a single login.
  const options = { isMetadataSyncEnabled: false, pooling: { warmup: false } };
  const session = new Session(() => newClient(connection, login, options));
  try {
    await session.client();
    return null;
  } catch (error) {
    return cassandraFailure(error, `Cannot log in as "${login.user}"`);
  } finally {
    await session.close();
  }
}
