import assert from "node:assert/strict";
import { AssertionError } from "node:assert";
import { staysAwake } from "./awake.ts";

Deno.test("the measuring of attacks notices a server that freezes", async () => {
  // A server that is busy for 400 ms whenever the attacker asks for it.
  const frozen = new Worker(new URL("./freezing_worker.ts", import.meta.url), { type: "module" });
  const url = await new Promise<string>((resolve) => {
    frozen.onmessage = ({ data }) => resolve(data);
  });
  const quietly = { url, authorization: "none", attack: () => idle(2), seconds: 2 };
  const { attacked } = await staysAwake(quietly);
  assert.ok(attacked.requests > 10 && attacked.uploads > 10, JSON.stringify(attacked));
  const attack = async (stop: AbortSignal) => {
    while (!stop.aborted) await (await fetch(`${url}/freeze`)).text();
  };
  await assert.rejects(staysAwake({ ...quietly, attack, attempts: 1 }), AssertionError);
  frozen.terminate();
});

function idle(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
