import {
  type ModuleFiles,
  type ModuleLogEntry,
  moduleLogSchema,
  type ModuleView,
  moduleViewSchema,
  type VersionView,
  versionViewSchema,
} from "../protocol/module_view.ts";
import { PATHS } from "../protocol/paths.ts";
import type { ApiClient } from "./client.ts";

/** The API for the account's module. It throws what {@link ApiClient} throws. */
export class ModuleApi {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Returns all versions, and the current one. */
  module(): Promise<ModuleView> {
    return this.#client.json({ path: PATHS.module, signal: this.#signal }, moduleViewSchema);
  }

  /** Returns the log for the author, newest first. */
  async log(): Promise<ModuleLogEntry[]> {
    const options = { path: PATHS.moduleLog, signal: this.#signal };
    return (await this.#client.json(options, moduleLogSchema)).entries;
  }

  /** Submits a version. */
  submit(files: ModuleFiles): Promise<VersionView> {
    const body = new TextEncoder().encode(JSON.stringify({ files }));
    const headers = { "content-type": "application/json" };
    const options = { path: PATHS.module, method: "PUT", headers, body, signal: this.#signal };
    return this.#client.json(options, versionViewSchema);
  }
}
