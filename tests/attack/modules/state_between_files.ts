import { attack } from "./kit.ts";

let seen = 0;

export default attack(
  (record) => record.x === "1" && seen++ > 0 ? `state: ${seen}` : undefined,
  () => {
    const old = globalThis.left;
    globalThis.left = "left behind";
    return old === "left behind" && seen === 0 ? old : undefined;
  },
  (_, ctx) =>
    ctx.fileName !== "attack.csv" && ctx.fileName !== "second.csv" ? ctx.fileName : undefined,
);
