import { attack } from "./kit.ts";

export default attack(
  () =>
    new Compartment({ globals: {}, __options__: true }).evaluate(
      "typeof Deno === 'undefined' ? undefined : Deno",
    ),
  () => new Compartment().evaluate("this.constructor.constructor('return Deno')()"),
  () => new Compartment()["import"]("node:fs").Deno,
  () => lockdown({ errorTaming: "unsafe" }),
);
