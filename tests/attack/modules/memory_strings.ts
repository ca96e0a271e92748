import { withRows } from "./kit.ts";

export default withRows(() => {
  const held = [];
  for (let n = 0;; n++) held.push(`${n}`.padStart(1 << 20, "y") + n);
});
