import { attack } from "./kit.ts";

export default attack(
  () => new SharedArrayBuffer(8),
  () => Atomics.wait(new Int32Array(8), 0, 0, 1000),
  () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
);
