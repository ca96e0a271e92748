import assert from "node:assert/strict";
import fc from "fast-check";
import { configSchema } from "../../src/config/schema.ts";
import { createFileIds } from "../../src/data/file_id.ts";
import { advance } from "../../src/manage/settle.ts";
import { isSuspect, takeOver } from "../../src/manage/take_over.ts";
import { fileRecord } from "../contracts/storage_fixtures.ts";
import { withStorage } from "./harness.ts";

const REASON = { code: "c", message: "m" };
/** How an attempt of `manage` ends. */
const end = fc.constantFrom("killed" as const, "stopped" as const, "storage failed" as const);

Deno.test("a file is tried until manage was killed max_attempts times, however else attempts end", () =>
  withStorage(async (layout, { ledger }) => {
    const newId = createFileIds();
    await fc.assert(
      fc.asyncProperty(
        fc.array(end, { maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (ends, maxAttempts, hasRows) => {
          const config = () => configSchema.parse({ manage: { max_attempts: maxAttempts } });
          const receipt = () => Promise.resolve(hasRows ? {} as never : null);
          const none = () => Promise.resolve(null);
          const events: string[] = [];
          const deps = {
            ...{ layout, config, emit: ({ kind }: { kind: string }) => void events.push(kind) },
            storage: { ledger, receipt, begun: none, forget: () => Promise.resolve() },
          };
          let record = fileRecord({ id: newId(), state: "queued", attempts: 0 });
          await ledger.insert(record);
          let kills = 0;
          for (const how of ends) {
            record = await advance(ledger, record, { type: "start" }, 1);
            if (how === "stopped") record = await advance(ledger, record, { type: "release" }, 2);
            else if (how === "storage failed") {
              const retry = { type: "retry" as const, reason: REASON, at: 3, counted: false };
              record = await advance(ledger, record, retry, 2);
            } else {
              const next = await takeOver(deps, record);
              kills++;
              if (next === null) {
                assert.equal(hasRows, false, "what is stored is completed");
                assert.equal(kills, maxAttempts);
                const given = await ledger.get(record.id);
                assert.deepEqual([given?.state, given?.reason?.code], [
                  "quarantined",
                  "manage-killed",
                ]);
                return assert.deepEqual(events, ["file.given_up"]);
              }
              record = next;
              const isLast = kills >= Math.max(1, maxAttempts - 1);
              assert.equal(isSuspect(record, maxAttempts), isLast, "the last one runs alone");
            }
            assert.equal(record.attempts, kills);
            assert.ok(hasRows || kills < maxAttempts);
          }
          assert.deepEqual(events, []);
        },
      ),
      { numRuns: 60 },
    );
  }));
