import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { VersionReview } from "../../src/protocol/admin_view.ts";
import type { ModuleView, TestRun, VersionView } from "../../src/protocol/module_view.ts";
import type { ModuleFiles } from "../harness/modules.ts";
import { Platform, type Server } from "../harness/platform.ts";
import { until } from "../harness/until.ts";

export const PASSWORD = "secret";

/** The layers around the sandbox that a test of what surrounds it has to hold in. */
export const LAYERS: { layers: string; env: Record<string, string> }[] = [
  { layers: "with bubblewrap, where it is installed", env: {} },
  { layers: "without bubblewrap", env: { PATH: "/nonexistent" } },
];

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

/** A platform with customers who use its HTTP interface, and the operator `admin`. */
export class Customers implements AsyncDisposable {
  private constructor(
    readonly platform: Platform,
    readonly server: Server,
    /** The password of the operator `admin`. */
    readonly password: string,
  ) {}

  static async open(config: string, ...tenants: string[]): Promise<Customers> {
    const platform = await Platform.create(config);
    await Deno.remove(join(platform.data, "admins.json"));
    const { password } = JSON.parse(await platform.must("manage", "init", "--json"));
    for (const tenant of tenants) {
      await platform.must("manage", "tenant", "add", tenant, "-p", PASSWORD);
    }
    return new Customers(platform, await platform.serve(), password);
  }

  /** What an operator sees of a version. */
  async review(tenant: string, version: string): Promise<VersionReview> {
    const path = `/v1/admin/tenants/${tenant}/module/${version}`;
    const response = await this.asOperator(path);
    return JSON.parse(response.text);
  }

  /** Sends a request as the operator. */
  async asOperator(path: string, body?: object): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.server.url}${path}`, {
      method: body ? "POST" : "GET",
      headers: { authorization: basic("admin", this.password) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  /** Approves a version on the command line, as it is now. */
  async approve(tenant: string, version: string): Promise<void> {
    const { seen } = await this.review(tenant, version);
    await this.platform.must("manage", "tenant", "approve", tenant, version, "--seen", seen);
  }

  /** Sends a request as a customer. */
  async send(tenant: string, path: string, init: RequestInit = {}): Promise<Response> {
    const authorization = basic(tenant, PASSWORD);
    return await fetch(`${this.server.url}${path}`, { ...init, headers: { authorization } });
  }

  /** Reads JSON as a customer; the request must succeed. */
  async ask<T>(tenant: string, path: string, init?: RequestInit): Promise<T> {
    const response = await this.send(tenant, path, init);
    const text = await response.text();
    assert.ok(response.ok, `${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Submits a module without waiting for its check. */
  async submit(tenant: string, files: ModuleFiles): Promise<VersionView> {
    const init = { method: "PUT", body: JSON.stringify({ files }) };
    return await this.ask<VersionView>(tenant, "/v1/module", init);
  }

  /** Waits until a version is checked. */
  async checked(tenant: string, { version }: VersionView): Promise<VersionView> {
    return await until(`${version} of ${tenant} is checked`, async () => {
      const { versions } = await this.ask<ModuleView>(tenant, "/v1/module");
      const found = versions.find((one) => one.version === version);
      return found && found.state !== "checking" ? found : null;
    });
  }

  /** Requests a test run of a version. */
  async startTestRun(tenant: string, version: string): Promise<{ status: number; text: string }> {
    const path = `/v1/module/${version}/test-run?name=a.csv`;
    const response = await this.send(tenant, path, { method: "POST", body: "x\n1\n" });
    return { status: response.status, text: await response.text() };
  }

  /** Runs a version on a sample and returns the result. */
  async testRun(tenant: string, version: string): Promise<TestRun> {
    const started = await this.startTestRun(tenant, version);
    assert.equal(started.status, 202, started.text);
    return await this.finished(tenant, version);
  }

  /** Waits until the test run of a version is done. */
  async finished(tenant: string, version: string): Promise<TestRun> {
    return await until(`the test run of ${tenant} is done`, async () => {
      const run = await this.ask<TestRun>(tenant, `/v1/module/${version}/test-run`);
      return run.state === "done" ? run : null;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.platform[Symbol.asyncDispose]();
  }
}
