import { withRows } from "./kit.ts";

export default withRows(() => {
  new Array(1e9).fill(0).sort(() => 1);
});
