import { withRows } from "./kit.ts";

const row = { content: "y".repeat(10_000) };

export default withRows((_, ctx) => ({ items: Array(1_000).fill({ ...row, id: ctx.rowId }) }));
