import { csv, defineIngest } from "mysimbdp";

export default defineIngest({
  // The files that this module loads.
  files: "*.csv",
  // A file of the same name with other content is a new version. Choose what happens to the rows
  // of the earlier ones: "add" keeps them, "replace" removes them. ctx.rowId differs between
  // versions, so with "add" a record that is in two of them is stored twice.
  versions: "add",
  // Their format: csv({ header, delimiter, quote, encoding }) or jsonl().
  format: csv({ header: true }),
  // The tables in your keyspace. The partition key decides where a row is stored, the clustering key
  // orders the rows of a partition; together they identify a row.
  tables: {
    readings: {
      columns: { station: "text", day: "date", id: "uuid", value: "double" },
      partitionKey: ["station"],
      clusteringKey: ["day", "id"],
    },
  },
  // Called for each record. Text is converted to the types of the columns; a record with a value that
  // cannot be converted is rejected, with line and column. Return null to skip a record.
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
