import { withRows } from "./kit.ts";

const { proxy, revoke } = Proxy.revocable({}, {});
revoke();
const ODD = [
  proxy,
  Symbol("a"),
  () => {},
  new Map([[1, 2]]),
  new WeakMap(),
  /x/g,
  new Error("x"),
  new Date("x"),
];

export default withRows((record, ctx) => ({
  items: { id: ctx.rowId, content: ODD[Number(record.x) % ODD.length] },
}));
