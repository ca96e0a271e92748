import { withRows } from "./kit.ts";

export default withRows(() => {
  /(?<=(([a-z])+.)+[A-Z])$/.test("a".repeat(60));
  /^(([a-z])+.)+[A-Z]([a-z])+$/.test("a".repeat(60));
});
