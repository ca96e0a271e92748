import type { FromWorker, SandboxReply, ToWorker } from "../wire/messages.ts";

const MAX_LOG_LINES = 200;
const MAX_LOG_CHARS = 2_000;

interface Scope {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
}

/** This Worker's global scope. */
export const scope = globalThis as unknown as Scope;

export const post = scope.postMessage.bind(scope);

export function reply(message: SandboxReply): void {
  post({ type: "reply", reply: message });
}

let logLines = 0;

/** Forwards a line that the module logged, up to a number of lines and of characters. */
export function logLine(text: string): void {
  if (++logLines <= MAX_LOG_LINES) reply({ type: "log", text: text.slice(0, MAX_LOG_CHARS) });
}
