/** What the thread that measures is asked to do. */
export type Order = { measure: { url: string; authorization: string } } | { stop: true };

/** What it has measured, in milliseconds, and the requests that failed. */
export interface Answer {
  livez: number[];
  uploads: number[];
  faults: string[];
}

/** A request of `/livez` begins this long after the one before it, or as soon as that is answered. */
const EVERY_MS = 20;
/** The server asks to wait when it is busy; a customer's program does. */
const MAX_WAITS = 20;

interface Port {
  onmessage: ((event: MessageEvent<Order>) => void) | null;
  postMessage(answer: Answer): void;
}
const port = self as unknown as Port;
const content = crypto.getRandomValues(new Uint8Array(65_536));
let stopped = false;
let number = 0;

port.onmessage = async ({ data: order }) => {
  if ("stop" in order) {
    stopped = true;
    return;
  }
  stopped = false;
  const answer: Answer = { livez: [], uploads: [], faults: [] };
  const { url, authorization } = order.measure;
  await Promise.all([
    repeat(answer.livez, answer.faults, EVERY_MS, () => live(url)),
    repeat(answer.uploads, answer.faults, EVERY_MS, () => upload(url, authorization)),
  ]);
  port.postMessage(answer);
};

/** Does the work again and again, at least once, until it is stopped; records the time of each. */
async function repeat(
  times: number[],
  faults: string[],
  everyMs: number,
  work: () => Promise<void>,
): Promise<void> {
  do {
    const start = performance.now();
    try {
      await work();
    } catch (error) {
      faults.push(String(error));
    }
    const took = performance.now() - start;
    times.push(took);
    await pause(Math.max(0, everyMs - took));
  } while (!stopped);
}

async function live(url: string): Promise<void> {
  const response = await fetch(`${url}/livez`);
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`/livez answered ${response.status}`);
}

async function upload(url: string, authorization: string): Promise<void> {
  const name = `awake-${crypto.randomUUID().slice(0, 8)}-${number++}.csv`;
  const body = new Blob(Array.from({ length: 16 }, () => content));
  for (let waits = 0;; waits++) {
    const response = await fetch(`${url}/v1/uploads`, {
      method: "POST",
      headers: {
        Authorization: authorization,
        "Tus-Resumable": "1.0.0",
        "Upload-Length": String(body.size),
        "Upload-Metadata": `filename ${btoa(name)}`,
        "Content-Type": "application/offset+octet-stream",
      },
      body,
    });
    const text = await response.text();
    if (response.status === 201) return;
    const seconds = Number(response.headers.get("Retry-After") ?? 0);
    if (seconds === 0 || waits === MAX_WAITS) throw new Error(`${response.status} ${text}`);
    await pause(seconds * 1000);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
