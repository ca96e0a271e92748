import { attack } from "./kit.ts";

export default attack(
  () => (0, eval)("Deno.readTextFileSync"),
  () => (0, eval)("Deno.version"),
  () => globalThis.eval("this.process?.env"),
  () => [].map.constructor("return postMessage")(),
  () => "".replace.constructor.call(null, "return Worker")(),
);
