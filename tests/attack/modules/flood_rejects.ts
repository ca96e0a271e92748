import { withRows } from "./kit.ts";

export default withRows((_, ctx) => ctx.reject("r".repeat(1_000), "c".repeat(1_000)));
