import { attack } from "./kit.ts";

/** Accessors of built-ins run with any receiver that the caller chooses. */
export default attack(
  () => {
    const get = Object.getOwnPropertyDescriptor(Map.prototype, "size").get;
    return get.constructor("return typeof Deno === 'undefined' ? undefined : Deno")();
  },
  () => Object.getOwnPropertyDescriptor(Object.prototype, "__proto__").get.call(globalThis).Deno,
  () => Reflect.get(globalThis, "Deno", { get: () => 1 }),
  () =>
    (function () {
      return this;
    })()?.Deno,
  () => Object.prototype.__lookupGetter__.call(globalThis, "Deno"),
);
