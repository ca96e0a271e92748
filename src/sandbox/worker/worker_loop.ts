import { type LoadedModule, openRealm } from "./compartment.ts";
import { Failure } from "../../base/failure.ts";
import { FileRun } from "./file_run.ts";
import type { OpenReader } from "../formats/record_reader.ts";
import { asInstance, safeMessage } from "./thrown_values.ts";
import type { ToWorker } from "../wire/messages.ts";
import { logLine, post, reply, scope } from "./worker_scope.ts";

const MODULE_FAILED = { code: "module-failed", hint: undefined };

/**
 * Serves a Worker's messages: opens a hardened compartment, evaluates one module in it and runs at
 * most one file through it. Everything that the Worker needs must be imported before.
 *
 * @param openFormat opens a reader for a format that this Worker supports
 */
export function serveWorker(openFormat: OpenReader): void {
  const realm = openRealm(logLine);
  let run: FileRun | null = null;
  /** The messages in progress; null if there are none. */
  let last: Promise<void> | null = null;

  function handle(
    message: Exclude<ToWorker, { type: "sent" | "hostResponse" }>,
  ): void | Promise<void> {
    switch (message.type) {
      case "describe": {
        const declaration = declarationOf(realm.load(message.script));
        return reply({ type: "described", declaration });
      }
      case "ingest":
        run = new FileRun(realm.load(message.script), realm, message, openFormat, post);
        return;
      case "entry":
        return run?.startEntry(message.name);
      case "chunk": {
        const done = run?.push(message.bytes);
        if (done) return done.then(() => post({ type: "taken" }));
        return post({ type: "taken" });
      }
      case "end":
        return run?.end().then((rows) => reply({ type: "done", rows }));
      case "fail":
        return reply({ ...message, type: "failed", read: run?.giveUp() });
    }
  }

  function failed(error: unknown): void {
    const { code, hint } = asInstance(error, Failure) ?? MODULE_FAILED;
    reply({ type: "failed", code, message: safeMessage(error), hint, read: run?.giveUp() });
  }

  scope.onmessage = ({ data }) => {
    // These must not queue behind the messages that wait for them.
    if (data.type === "sent") return run?.sent();
    if (data.type === "hostResponse") return run?.receive(data.response);
    if (last === null) {
      try {
        const done = handle(data);
        if (done) last = forget(done.catch(failed));
      } catch (error) {
        failed(error);
      }
    } else last = forget(last.then(() => handle(data)).catch(failed));
  };

  /** Clears {@link last} once it is done, so that the next message runs without a promise. */
  function forget(done: Promise<void>): Promise<void> {
    const forgotten = done.then(() => {
      if (last === forgotten) last = null;
    });
    return forgotten;
  }

  reply({ type: "ready" });
}

/** What a module declares, as plain data; only its shape is checked. */
function declarationOf({ row, ...declared }: LoadedModule): unknown {
  const { files, entries, format, tables, allowEmpty, versions, ...others } = declared;
  const hasRow = row !== undefined;
  // The host refuses unknown names: a misspelt `row` or `allowEmpty` must not be ignored.
  const unknown = Object.fromEntries(Object.keys(others).map((key) => [key, null]));
  const all = { files, entries, format, tables, allowEmpty, versions, hasRow, ...unknown };
  return JSON.parse(JSON.stringify(all));
}
