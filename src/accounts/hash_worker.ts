import { setPriority } from "node:os";
import { Failure, messageOf } from "../base/failure.ts";
import { hashPassword, verifyPassword } from "./password_hash.ts";

/** A request to the worker. A failed verification also computes every decoy. */
export type HashRequest =
  | { op: "verify"; password: string; stored: string; decoys: readonly string[] }
  | { op: "hash"; password: string };

/** The reply; `code` is set when the error was a {@link Failure}. */
export type HashReply =
  | { ok: true; value: boolean | string }
  | { ok: false; message: string; code?: string };

interface Port {
  onmessage: ((event: MessageEvent<HashRequest>) => void) | null;
  postMessage(reply: HashReply): void;
}

/** Who is signed in goes first when the cores are busy. 19 is the lowest priority of a thread. */
const NICE = 10;

// On Linux this is the priority of the calling thread, on other systems of the whole process.
if (Deno.build.os === "linux") setPriority(0, NICE);

const port = self as unknown as Port;
port.onmessage = async (event) => port.postMessage(await answer(event.data));

async function answer(request: HashRequest): Promise<HashReply> {
  try {
    const value = request.op === "hash"
      ? await hashPassword(request.password)
      : await verify(request.password, request.stored, request.decoys);
    return { ok: true, value };
  } catch (error) {
    const code = error instanceof Failure ? error.code : undefined;
    return { ok: false, message: messageOf(error), ...(code === undefined ? {} : { code }) };
  }
}

async function verify(password: string, stored: string, decoys: readonly string[]) {
  if (await verifyPassword(password, stored)) return true;
  for (const decoy of decoys) await verifyPassword(password, decoy);
  return false;
}
