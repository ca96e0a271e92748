import { withRows } from "./kit.ts";

export default withRows(() => {
  /^(a+)+$/.test("a".repeat(60) + "!");
});
