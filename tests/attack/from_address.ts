import { basic } from "./customers.ts";

/** How a name and a password can be sent. */
export type Way = "basic" | "session" | "form" | "operator" | "operator form";
export const WAYS: readonly Way[] = ["basic", "session", "form", "operator", "operator form"];

/** The answer to a login. */
export interface LoginAnswer {
  /** Of a form that was accepted: 303. */
  status: number;
  text: string;
  retryAfter: number | null;
  ms: number;
}

/** A client that connects from an address of its own, such as 127.0.0.5. */
export class FromAddress implements Disposable {
  readonly #url: string;
  readonly #client: Deno.HttpClient;

  constructor(url: string, readonly address: string) {
    this.#url = url;
    this.#client = Deno.createHttpClient({ localAddress: address, http2: false });
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const own = { client: this.#client, redirect: "manual" } as const;
    return await fetch(this.#url + path, { ...init, ...own });
  }

  async login(user: string, password: string, way: Way = "basic"): Promise<LoginAnswer> {
    const started = performance.now();
    const response = await this.fetch(...requestOf(this.#url, user, password, way));
    const text = await response.text();
    const retryAfter = response.headers.get("Retry-After");
    return {
      status: response.status,
      text,
      retryAfter: retryAfter === null ? null : Number(retryAfter),
      ms: performance.now() - started,
    };
  }

  /** Wrong logins, this many at a time, until all names were used. @returns the answers */
  async fail(names: Iterable<string>, way: Way = "basic", atOnce = 50): Promise<LoginAnswer[]> {
    const answers: LoginAnswer[] = [];
    const left = [...names].entries();
    const worker = async () => {
      for (const [i, name] of left) answers.push(await this.login(name, `guess-${i}`, way));
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return answers;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

function requestOf(
  origin: string,
  user: string,
  password: string,
  way: Way,
): [string, RequestInit] {
  const headers = { authorization: basic(user, password) };
  switch (way) {
    case "basic":
      return ["/v1/constraints", { headers }];
    case "session":
      return ["/v1/session", { method: "POST", headers }];
    case "operator":
      return ["/v1/admin/tenants", { headers }];
    case "form":
    case "operator form": {
      const role = way === "form" ? "customer" : "operator";
      const body = new URLSearchParams({ role, user, password });
      return ["/sign-in", { method: "POST", headers: { origin }, body }];
    }
  }
}
