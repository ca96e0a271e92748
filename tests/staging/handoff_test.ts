import type { Layout } from "../../src/data/layout.ts";
import type { StagedFile } from "../../src/staging/sidecar.ts";
import assert from "node:assert/strict";
import fc from "fast-check";
import { HANDOFF_STEPS, type HandoffStep } from "../../src/staging/handoff.ts";
import { type Intake, openIntake } from "../../src/staging/intake.ts";
import { archiveFile } from "../../src/staging/staged.ts";
import { surveyStaging } from "../../src/staging/survey.ts";
import { rounds } from "../harness/chance.ts";
import { completeUpload, finish, namesIn, sha256Hex, withData } from "./harness.ts";

/** The files in staging with a record. */
async function recordedFiles(layout: Layout): Promise<StagedFile[]> {
  return (await surveyStaging(layout)).recorded;
}

class Killed extends Error {}

/** An intake that throws after a step of a hand-off, as if the process were killed. */
function openDying(dataDir: string, lastStep: HandoffStep): Promise<Intake> {
  return openIntake(dataDir, {
    onStep(step) {
      if (step === lastStep) throw new Killed(step);
    },
  });
}

for (const step of HANDOFF_STEPS) {
  Deno.test(`killed after "${step}": the file is handed over once at the next start`, () =>
    withData(async (dataDir) => {
      const dying = await openDying(dataDir, step);
      const upload = await completeUpload(dying, "a.csv", "hello");
      await assert.rejects(finish(dying, upload), Killed);
      dying.close();

      for (let start = 0; start < 2; start++) {
        const intake = await openIntake(dataDir);
        const receipt = intake.receipts.ofUpload("customer-1", upload.info.id);
        assert.equal(receipt?.id, upload.info.id);
        assert.equal(receipt?.sha256, sha256Hex("hello"));
        assert.equal(receipt?.version, 1);
        assert.equal(intake.uploads.get(upload.info.id), null);
        assert.deepEqual(await namesIn(intake.layout.uploads), []);
        assert.deepEqual((await recordedFiles(intake.layout)).map(({ id }) => id), [
          upload.info.id,
        ]);
        intake.close();
      }
    }));

  Deno.test(`killed after "${step}" and loaded before the next start: the file is not handed over again`, () =>
    withData(async (dataDir) => {
      const dying = await openDying(dataDir, step);
      const upload = await completeUpload(dying, "a.csv", "hello");
      await assert.rejects(finish(dying, upload), Killed);
      dying.close();
      const staged = await recordedFiles(dying.layout);
      for (const file of staged) await archiveFile(dying.layout, file);

      const intake = await openIntake(dataDir);
      const again = await finish(intake, await completeUpload(intake, "a.csv", "hello"));
      assert.equal(again.id, upload.info.id);
      assert.equal((await recordedFiles(intake.layout)).length, 1 - staged.length);
      intake.close();
    }));
}

Deno.test("after any number of kills each content is staged once, with its own version", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ content: fc.constantFrom("1", "2", "3"), kill: killPoint() }), {
        minLength: 1,
        maxLength: 6,
      }),
      (sends) =>
        withData(async (dataDir) => {
          for (const { content, kill } of sends) await sendAndDie(dataDir, content, kill);
          const intake = await openIntake(dataDir);
          const contents = new Set(sends.map(({ content }) => sha256Hex(content)));
          const staged = await recordedFiles(intake.layout);
          assert.equal(staged.length, contents.size);
          assert.deepEqual(new Set(staged.map((file) => file.sha256)), contents);
          const versions = staged.map(({ version }) => version).sort();
          assert.deepEqual(versions, [...contents].map((_, index) => index + 1));
          intake.close();
        }),
    ),
    { numRuns: rounds(40) },
  ));

/** Sends a file to a server that dies at a step of this hand-off or of an earlier one. */
async function sendAndDie(dataDir: string, content: string, kill: HandoffStep | null) {
  const opening = kill ? openDying(dataDir, kill) : openIntake(dataDir);
  const intake = await opening.catch(() => openIntake(dataDir));
  await finish(intake, await completeUpload(intake, "a.csv", content)).catch((error) => {
    assert.ok(error instanceof Killed);
  });
  intake.close();
}

function killPoint() {
  return fc.option(fc.constantFrom(...HANDOFF_STEPS), { nil: null });
}

Deno.test("a hand-off never overwrites a file in staging", () =>
  withData(async (dataDir) => {
    const intake = await openIntake(dataDir);
    const upload = await completeUpload(intake, "a.csv", "hello");
    const path = intake.layout.file("staging", "customer-1", upload.info.id);
    await Deno.mkdir(intake.layout.tenantFolder("staging", "customer-1"));
    await Deno.writeTextFile(path, "another file");
    await assert.rejects(finish(intake, upload));
    assert.equal(await Deno.readTextFile(path), "another file");
    intake.close();
  }));

Deno.test("a wrong sha256 ends the upload, even if the server was killed before it was compared", () =>
  withData(async (dataDir) => {
    const dying = await openDying(dataDir, "synced");
    const upload = await completeUpload(dying, "a.csv", "hello", { sha256: sha256Hex("other") });
    await assert.rejects(finish(dying, upload), Killed);
    dying.close();
    const intake = await openIntake(dataDir);
    assert.equal(intake.uploads.get(upload.info.id), null);
    assert.deepEqual(await recordedFiles(intake.layout), []);
    intake.close();
  }));

Deno.test("a second server on the same data directory is refused", () =>
  withData(async (dataDir) => {
    const first = await openIntake(dataDir);
    await assert.rejects(openIntake(dataDir), { code: "data-in-use" });
    first.close();
    (await openIntake(dataDir)).close();
  }));

Deno.test("a hand-off that failed after the link does not stage the content twice", () =>
  withData(async (dataDir) => {
    let failures = 1;
    const intake = await openIntake(dataDir, {
      onStep(step) {
        if (step === "linked" && failures-- > 0) throw new Error("the disk failed once");
      },
    });
    const first = await completeUpload(intake, "a.csv", "hello");
    await assert.rejects(finish(intake, first), /failed once/);
    const second = await finish(intake, await completeUpload(intake, "a.csv", "hello"));
    assert.equal(second.id, first.info.id);
    assert.equal((await finish(intake, first)).id, first.info.id);
    assert.equal((await recordedFiles(intake.layout)).length, 1);
    intake.close();
  }));

Deno.test("a complete upload whose bytes vanish before its hand-off is gone, and holds back no other", () =>
  withData(async (dataDir) => {
    const dying = await openDying(dataDir, "synced");
    const lost = await completeUpload(dying, "a.csv", "hello");
    await assert.rejects(finish(dying, lost), Killed);
    await Deno.remove(dying.layout.upload(lost.info.id));
    const other = await completeUpload(dying, "b.csv", "world");
    await assert.rejects(finish(dying, lost), { code: "upload-not-found" });
    await assert.rejects(finish(dying, other), Killed);
    dying.close();
    const intake = await openIntake(dataDir);
    assert.deepEqual((await recordedFiles(intake.layout)).map(({ name }) => name), ["b.csv"]);
    intake.close();
  }));

Deno.test("a hand-off that was interrupted after the link is completed without the upload's bytes", () =>
  withData(async (dataDir) => {
    let failures = 1;
    const intake = await openIntake(dataDir, {
      onStep(step) {
        if (step === "visible" && failures-- > 0) throw new Error("failed once");
      },
    });
    const upload = await completeUpload(intake, "a.csv", "hello");
    await assert.rejects(finish(intake, upload), /failed once/);
    await Deno.remove(intake.layout.upload(upload.info.id));
    const receipt = await finish(intake, upload);
    assert.equal(receipt.id, upload.info.id);
    assert.equal(receipt.sha256, sha256Hex("hello"));
    assert.equal((await recordedFiles(intake.layout)).length, 1);
    intake.close();
  }));

for (const where of ["staging", "nowhere"] as const) {
  Deno.test(`a hand-off that was interrupted after the link, and whose record is lost, is repeated (${where})`, () =>
    withData(async (dataDir) => {
      const dying = await openDying(dataDir, "linked");
      const upload = await completeUpload(dying, "a.csv", "hello");
      await assert.rejects(finish(dying, upload), Killed);
      dying.close();
      const { layout } = dying;
      const { id } = upload.info;
      await Deno.remove(layout.sidecar("staging", "customer-1", id));
      if (where === "nowhere") {
        // A backup has linked it, so the upload still has two names.
        await Deno.rename(layout.file("staging", "customer-1", id), `${dataDir}/backup`);
      }
      const intake = await openIntake(dataDir);
      assert.equal(intake.receipts.ofUpload("customer-1", id)?.id, id);
      const staged = await recordedFiles(layout);
      assert.deepEqual(staged.map((file) => [file.id, file.name]), [[id, "a.csv"]]);
      intake.close();
    }));
}
