import { csv } from "mysimbdp";

export default {
  files: "*",
  format: csv(),
  tables: { sqlite_sequence: { columns: { id: "uuid" }, partitionKey: ["id"] } },
  row: () => null,
};
