import { csv, defineIngest } from "mysimbdp";

/** The same ten columns as in the other tenant; each row is its own partition. */
export default defineIngest({
  files: "*.csv",
  format: csv({ header: true }),
  tables: {
    strikes: {
      columns: {
        id: "uuid",
        state: "text",
        at: "date",
        airport: "text",
        aircraft: "text",
        species: "text",
        speed: "int",
        height: "int",
        cost: "double",
        remark: "text",
      },
      partitionKey: ["id"],
      clusteringKey: [],
    },
  },
  row(record) {
    return {
      strikes: {
        id: record["id"],
        state: record["state"],
        at: record["at"],
        airport: record["airport"],
        aircraft: record["aircraft"],
        species: record["species"],
        speed: record["speed"],
        height: record["height"],
        cost: record["cost"],
        remark: record["remark"],
      },
    };
  },
});
