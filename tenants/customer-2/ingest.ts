import { csv, defineIngest } from "mysimbdp";
import { asYear, isPlausible } from "./weather.ts";

/** Daily weather of Seattle, published by NOAA: one partition per year, ordered by day. */
export default defineIngest({
  files: "*weather*.csv",
  format: csv({ header: true }),
  tables: {
    days: {
      columns: {
        year: "int",
        day: "date",
        precipitation_mm: "double",
        temp_max_c: "double",
        temp_min_c: "double",
        wind_ms: "double",
        weather: "text",
      },
      partitionKey: ["year"],
      clusteringKey: ["day"],
    },
  },
  row(record, ctx) {
    const max = Number(record["temp_max"]);
    const min = Number(record["temp_min"]);
    if (!isPlausible(min, max)) return ctx.reject(`temperatures ${min} to ${max}`, "temp_max_c");
    return {
      days: {
        year: asYear(record["date"] ?? ""),
        day: record["date"],
        precipitation_mm: record["precipitation"],
        temp_max_c: max,
        temp_min_c: min,
        wind_ms: record["wind"],
        weather: record["weather"],
      },
    };
  },
});
