import { attack } from "./kit.ts";

export default attack(
  () => Math.random(),
  () => crypto.getRandomValues(new Uint8Array(8)),
  () => crypto.randomUUID(),
  () => new WeakRef({}).deref(),
  () => new FinalizationRegistry(() => {}),
);
