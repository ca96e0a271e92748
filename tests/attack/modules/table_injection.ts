import { csv } from "mysimbdp";

export default {
  files: "*",
  format: csv(),
  tables: { 'items"; DROP TABLE "items': { columns: { id: "uuid" }, partitionKey: ["id"] } },
  row: () => null,
};
