import { withRows } from "./kit.ts";

/** Rows that share one value, until they are encoded. */
const text = "y".repeat(1 << 20);

export default withRows((_, ctx) => ({
  items: Array(4_000).fill({ id: ctx.rowId, content: text }),
}));
