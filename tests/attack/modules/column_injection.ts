import { withRows } from "./kit.ts";

export default withRows((record, ctx) => ({
  items: record.x === "1"
    ? { id: ctx.rowId, 'content" = 1; --': "GOT in" }
    : { id: ctx.rowId, content: "'); DROP TABLE items; --" },
}));
