import { attack } from "./kit.ts";

export default attack(
  () => new BroadcastChannel("a").postMessage("b"),
  () => new MessageChannel().port1,
  () => structuredClone({}),
  () => addEventListener("message", () => {}),
  () => new EventTarget(),
);
