import { openRealm } from "./compartment.ts";
import { Failure } from "../../base/failure.ts";
import { FileRun } from "./file_run.ts";
import type { OpenReader } from "../formats/record_reader.ts";
import { ifOurs, safeMessage } from "./thrown.ts";
import type { ToWorker } from "../wire/messages.ts";
import { logLine, post, reply, scope } from "./worker_scope.ts";

const MODULE_FAILED = { code: "module-failed", hint: undefined };

/**
 * Serves a Worker's messages: it opens a hardened compartment, then evaluates one module in it and
 * runs at most one file through it. All that the Worker needs must have been imported before.
 *
 * @param openFormat opens a reader for each of the formats that this Worker knows
 */
export function serveWorker(openFormat: OpenReader): void {
  const realm = openRealm(logLine);
  let run: FileRun | null = null;
  /** What has not been worked off yet; null while there is nothing. */
  let last: Promise<void> | null = null;

  function handle(message: Exclude<ToWorker, { type: "sent" | "answer" }>): void | Promise<void> {
    switch (message.type) {
      case "describe": {
        const { files, format, tables } = realm.load(message.script);
        const declaration = JSON.parse(JSON.stringify({ files, format, tables }));
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
    const { code, hint } = ifOurs(error, Failure) ?? MODULE_FAILED;
    reply({ type: "failed", code, message: safeMessage(error), hint, read: run?.giveUp() });
  }

  scope.onmessage = ({ data }) => {
    // It must not wait for those that wait for it.
    if (data.type === "sent") return run?.sent();
    if (data.type === "answer") return run?.answered(data.answer);
    if (last === null) {
      try {
        const done = handle(data);
        if (done) last = forget(done.catch(failed));
      } catch (error) {
        failed(error);
      }
    } else last = forget(last.then(() => handle(data)).catch(failed));
  };

  /** So that what comes later need not go round by a promise. */
  function forget(done: Promise<void>): Promise<void> {
    const forgotten = done.then(() => {
      if (last === forgotten) last = null;
    });
    return forgotten;
  }

  reply({ type: "ready" });
}
