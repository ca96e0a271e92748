import { csv, defineIngest } from "mysimbdp";

// Some reports have the codes "B" and "C", which the FAA does not document.
const DAMAGE = new Set(["None", "Minor", "Medium", "Substantial"]);

/** Bird strikes on aircraft, as the FAA publishes them. */
export default defineIngest({
  files: "*birdstrikes*.csv",
  format: csv({ header: true }),
  tables: {
    strikes: {
      columns: {
        state: "text",
        at: "date",
        id: "uuid",
        airport: "text",
        aircraft: "text",
        operator: "text",
        damage: "text",
        phase: "text",
        wildlife_size: "text",
        species: "text",
        time_of_day: "text",
        cost_other: "int",
        cost_repair: "int",
        cost_total: "int",
        speed_knots: "int",
      },
      partitionKey: ["state"],
      clusteringKey: ["at", "id"],
    },
  },
  row(record, ctx) {
    const damage = record["Effect Amount of damage"] ?? "";
    if (!DAMAGE.has(damage)) {
      return ctx.reject(`unknown damage "${damage}"`, "damage");
    }
    return {
      strikes: {
        state: record["Origin State"],
        at: record["Flight Date"],
        id: ctx.rowId,
        airport: record["Airport Name"],
        aircraft: record["Aircraft Make Model"],
        // A trailing star marks a carrier that was renamed; it is not part of the name.
        operator: record["Aircraft Airline Operator"]?.replace(/\*$/, ""),
        damage,
        phase: record["Phase of flight"],
        wildlife_size: record["Wildlife Size"],
        species: record["Wildlife Species"],
        time_of_day: record["Time of day"],
        cost_other: record["Cost Other"],
        cost_repair: record["Cost Repair"],
        cost_total: record["Cost Total $"],
        speed_knots: record["Speed IAS in knots"],
      },
    };
  },
});
