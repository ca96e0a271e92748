import { withRows } from "./kit.ts";

export default withRows(() => {
  const held = [];
  for (;;) held.push(new Array(1 << 22).fill(held.length));
});
