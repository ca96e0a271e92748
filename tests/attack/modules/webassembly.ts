import { attack } from "./kit.ts";

export default attack(
  () => new WebAssembly.Memory({ initial: 60_000 }),
  () => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
  () => Function("return WebAssembly")(),
);
