import { withRows } from "./kit.ts";

export default withRows(() => {
  let n = 3n;
  for (;;) n = n * n;
});
