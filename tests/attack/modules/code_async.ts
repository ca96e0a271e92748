import { attack, later } from "./kit.ts";

const AsyncFunction = (async () => {}).constructor;
const word = "im" + "port";

export default attack(
  () => later(new AsyncFunction("return Deno.version")()),
  () => later(new AsyncFunction("return this?.process")()),
  () => later(new AsyncFunction(`return await ${word}("__CANARY_FILE__")`)()),
);
