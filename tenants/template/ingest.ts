import { csv, defineIngest } from "mysimbdp";

export default defineIngest({
  // Which files this module takes.
  files: "*.csv",
  // How they are written: csv({ header, delimiter, quote, encoding }) or jsonl().
  format: csv({ header: true }),
  // The tables in your keyspace. The partition key says where a row lives, the clustering key
  // orders the rows within a partition; both together identify a row.
  tables: {
    readings: {
      columns: { station: "text", day: "date", id: "uuid", value: "double" },
      partitionKey: ["station"],
      clusteringKey: ["day", "id"],
    },
  },
  // Called once a record. Text is converted to the columns' types; what does not fit is rejected
  // with its line and column. Return null to skip a record.
  row(record, ctx) {
    if (!record["station"]) return ctx.reject("no station", "station");
    return {
      readings: {
        station: record["station"],
        day: record["day"],
        id: ctx.rowId,
        value: record["value"],
      },
    };
  },
});
