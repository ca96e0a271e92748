import { withRows } from "./kit.ts";

const NAMES = [
  "users",
  "victim.items",
  "sqlite_master",
  "_mysimbdp_loads",
  'items"; DROP TABLE "items',
  "../victim",
];

export default withRows((record, ctx) => ({
  [NAMES[Number(record.x) % NAMES.length]]: { id: ctx.rowId, content: "GOT in" },
}));
