import { withRows } from "./kit.ts";

const cyclic = {};
cyclic.self = cyclic;
const deep = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));

export default withRows((record, ctx) => ({
  items: { id: ctx.rowId, content: record.x === "1" ? cyclic : deep },
}));
