import { join } from "node:path";
import { ApiClient, type ClientOptions } from "../../src/fetch/client.ts";
import type { FetchEvent } from "../../src/fetch/events.ts";
import { fetchOnce, type RunOptions } from "../../src/fetch/run.ts";
import { type FakeServer, PASSWORD, USER } from "./fake_server.ts";

/** A temporary directory that is removed after the test. */
export class TempDir implements AsyncDisposable {
  readonly path = Deno.makeTempDirSync({ prefix: "mysimbdp-fetch-" });

  /** Writes a file and returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name);
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    return path;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Deno.remove(this.path, { recursive: true });
  }
}

/** Bytes that differ by position, so that a misplaced piece is noticed. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = 12_345;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** The real retries, but faster. */
export const QUICK = { attempts: 8, firstDelay: 1, longestDelay: 20 };

export function clientOf(server: { url: string }, options: Partial<ClientOptions> = {}): ApiClient {
  return new ApiClient({ server: server.url, user: USER, password: PASSWORD, ...options });
}

/** Runs over a directory and returns all events. */
export async function runOnce(
  server: FakeServer | { url: string },
  dir: string,
  options: Partial<RunOptions> = {},
) {
  const events: FetchEvent[] = [];
  using client = clientOf(server);
  const summary = await fetchOnce({
    client,
    dir,
    retries: QUICK,
    signal: new AbortController().signal,
    ...options,
    emit(event) {
      events.push(event);
      options.emit?.(event);
    },
  });
  return { events, summary, outcome: (name: string) => outcomeOf(events, name) };
}

const FINAL = [
  ...["sent", "skipped", "refused", "failed", "valid", "ingested", "quarantined", "unfinished"],
];

/** How a file ended, for example `refused file-empty`. */
export function outcomeOf(events: FetchEvent[], name: string): string {
  const last = events.findLast((event) =>
    FINAL.includes(event.type) && "name" in event && event.name === name
  );
  if (!last) return "nothing";
  return "failure" in last ? `${last.type} ${last.failure.code}` : last.type;
}
