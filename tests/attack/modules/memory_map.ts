import { withRows } from "./kit.ts";

export default withRows(() => {
  const held = new Map();
  for (let n = 0;; n++) held.set(`${n}`, [n]);
});
