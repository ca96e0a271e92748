import { attack } from "./kit.ts";

export default attack(
  () => Deno.env.toObject(),
  () => Deno.args,
  () => Deno.execPath(),
  () => Deno.hostname(),
);
