import { withRows } from "./kit.ts";

export default withRows(() => {
  let last = Promise.resolve();
  for (;;) last = last.then((n) => [n, new Array(100)]);
});
