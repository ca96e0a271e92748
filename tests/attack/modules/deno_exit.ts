import { attack } from "./kit.ts";

export default attack(
  () => Deno.exit(0),
  () => globalThis.close(),
  () => self.close(),
  () => process.exit(0),
  () => process.abort(),
);
