import type { z } from "zod";
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
import type { ApiClient, RequestOptions } from "./client.ts";
import { foreignAnswer } from "./network_failure.ts";

/** The routes of a customer's module. Their failures are those of {@link ApiClient}. */
export class ModuleApi {
  readonly #client: ApiClient;
  readonly #signal: AbortSignal;

  constructor(client: ApiClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** All versions, and which one runs. */
  module(): Promise<ModuleView> {
    return this.#ask({ path: PATHS.module }, moduleViewSchema);
  }

  /** What the author should know, newest first. */
  async log(): Promise<ModuleLogEntry[]> {
    return (await this.#ask({ path: PATHS.moduleLog }, moduleLogSchema)).entries;
  }

  /** Submits a version. */
  submit(files: ModuleFiles): Promise<VersionView> {
    const body = new TextEncoder().encode(JSON.stringify({ files }));
    const headers = { "content-type": "application/json" };
    return this.#ask({ path: PATHS.module, method: "PUT", headers, body }, versionViewSchema);
  }

  async #ask<Schema extends z.ZodType>(
    options: Omit<RequestOptions, "signal">,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const response = await this.#client.request({ ...options, signal: this.#signal });
    const text = await response.text();
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      const { method = "GET", path } = options;
      const what = `it answered ${method} ${path} with something else`;
      throw foreignAnswer(this.#client.server, what, { cause: error });
    }
  }
}
