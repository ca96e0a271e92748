import { withRows } from "./kit.ts";

/** Keys that change prototypes when objects are merged carelessly. */
const EVIL = '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}';

export default withRows((record, ctx) => {
  if (record.x === "1") return JSON.parse(EVIL);
  if (record.x === "2") return { items: JSON.parse(EVIL) };
  if (record.x === "3") return { items: { id: ctx.rowId, content: Object.assign({}, JSON.parse(EVIL)) } };
  if (record.x === "4") return { constructor: { id: ctx.rowId } };
  return ctx.reject(({}).polluted ? "GOT polluted" : "refused: nothing is polluted");
});
