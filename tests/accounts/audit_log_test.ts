import assert from "node:assert/strict";
import { join } from "node:path";
import { AuditLog } from "../../src/accounts/audit_log.ts";
import type { AuditEntry } from "../../src/protocol/admin_view.ts";

const entry = (subject: string): AuditEntry => ({
  at: "2026-11-24T04:46:52.016Z",
  operator: "admin",
  from: "cli",
  action: "tenant.add",
  subject,
  details: {},
  outcome: "done",
});

async function withLog(use: (log: AuditLog, path: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const path = join(dir, "audit.log");
    await use(new AuditLog(path), path);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("concurrent entries form one chain; a changed, removed or inserted line breaks it", () =>
  withLog(async (log, path) => {
    const names = Array.from({ length: 20 }, (_, n) => `t${n}`);
    await Promise.all(names.map((name) => new AuditLog(path).append(entry(name))));
    const { lines, head, faults } = await log.verify();
    assert.deepEqual([lines, faults], [20, []]);
    assert.deepEqual((await log.latest(50)).map(({ subject }) => subject).sort(), names.sort());

    const whole = (await Deno.readTextFile(path)).trimEnd().split("\n");
    const faultsOf = async (changed: string[], expected?: string) => {
      await Deno.writeTextFile(path, changed.map((line) => `${line}\n`).join(""));
      return (await log.verify(expected)).faults;
    };
    const other = whole.map((line, n) => n === 4 ? line.replace("tenant.add", "sign-in") : line);
    assert.deepEqual(await faultsOf(other), ["line 6 does not follow the one before it"]);
    const less = whole.filter((_, n) => n !== 4);
    assert.deepEqual(await faultsOf(less), ["line 5 does not follow the one before it"]);
    const more = whole.toSpliced(4, 0, JSON.stringify(entry("forged")));
    assert.deepEqual(await faultsOf(more), [
      "line 5 does not follow the one before it",
      "line 6 does not follow the one before it",
    ]);
    // A head kept elsewhere reveals that the end was cut off.
    assert.deepEqual(await faultsOf(whole.slice(0, -1)), []);
    assert.deepEqual(await faultsOf(whole.slice(0, -1), head), [
      "the given head is missing",
    ]);
    assert.deepEqual(await faultsOf(whole, head), []);
  }));

Deno.test("older lines are protected by the chain; it reports a truncated line and continues after it", () =>
  withLog(async (log, path) => {
    await Deno.writeTextFile(path, `${JSON.stringify(entry("old"))}\n`);
    await log.append(entry("new"));
    assert.deepEqual((await log.verify()).faults, []);
    await Deno.writeTextFile(path, '{"at":"2026', { append: true });
    await log.append(entry("later"));
    assert.deepEqual((await log.verify()).faults, ["line 3 cannot be read"]);
    assert.deepEqual((await log.latest(3)).map(({ subject }) => subject), ["later", "new", "old"]);
  }));
