import { attack, later } from "./kit.ts";

const Generator = (function* () {}).constructor;
const AsyncGenerator = (async function* () {}).constructor;

export default attack(
  () => new Generator("yield Deno.version")().next().value,
  () => Generator("yield this.process")().next().value,
  () => later(new AsyncGenerator("yield Deno.env")().next()),
);
