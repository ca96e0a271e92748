import { csv } from "mysimbdp";

export default {
  files: "*a".repeat(5_000) + "*b",
  format: csv(),
  tables: { items: { columns: { id: "uuid" }, partitionKey: ["id"] } },
  row: () => null,
};
