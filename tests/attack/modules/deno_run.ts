import { attack } from "./kit.ts";

export default attack(
  () => new Deno.Command("/bin/ps", { args: ["ax"] }).outputSync(),
  () => Deno.dlopen("/lib/x86_64-linux-gnu/libc.so.6", {}),
  () => Deno.kill(1, "SIGKILL"),
);
