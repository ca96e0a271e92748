import { withRows } from "./kit.ts";

export default withRows((_, ctx) => Promise.resolve({ items: { id: ctx.rowId, content: "GOT in" } }));
