export { durationParts, isDurationInRange } from "../sdk/values/duration.ts";
