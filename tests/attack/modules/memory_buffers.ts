import { withRows } from "./kit.ts";

export default withRows(() => {
  const held = [];
  for (;;) held.push(new Uint8Array(1 << 22).fill(1));
});
