import { withRows } from "./kit.ts";

/** It tries to continue after its file. */
const again = () =>
  Promise.resolve().then(() => {}).then(() => {}).then(() => {
    count++;
    if (count < 1e12) again();
  });
let count = 0;

export default withRows((record, ctx) => {
  if (record.x === "5") again();
  return ctx.reject("refused: its file is over");
});
