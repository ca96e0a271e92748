import { attack } from "./kit.ts";

export default attack(
  () => Deno.readTextFileSync("__CANARY_FILE__"),
  () => globalThis.Deno.openSync("/etc/passwd"),
  () => [...Deno.readDirSync("__DATA__")],
);
