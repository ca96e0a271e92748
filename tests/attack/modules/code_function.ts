import { attack } from "./kit.ts";

const look = `return ["Deno", "process", "fetch", "Worker", "postMessage", "WebAssembly"]
  .filter((name) => typeof this?.[name] !== "undefined").join() || undefined`;

export default attack(
  () => new Function(look)(),
  () => Function(look).call(undefined),
  () => Function("return this")().Deno,
  () => (() => {}).constructor("return Deno")(),
  () => Reflect.construct(Function, ["return process"])(),
);
