import { withRows } from "./kit.ts";

export default withRows((_, ctx) => ({
  items: { id: ctx.rowId, content: "y".repeat(300_000_000) },
}));
