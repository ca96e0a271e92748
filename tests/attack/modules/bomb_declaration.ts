import { csv } from "mysimbdp";

const columns = {};
for (let n = 0; n < 3_000_000; n++) columns[`c${n}`] = "text";

export default {
  files: "*",
  format: csv(),
  tables: { items: { columns, partitionKey: ["c0"] } },
  row: () => null,
};
