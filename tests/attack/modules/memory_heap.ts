import { withRows } from "./kit.ts";

export default withRows(() => {
  const held = [];
  for (;;) held.push({ at: held.length, text: `${held.length}` });
});
