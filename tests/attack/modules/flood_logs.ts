import { withRows } from "./kit.ts";

export default withRows((_, ctx) => {
  for (let n = 0; n < 100_000; n++) console.log("y".repeat(5_000));
  return ctx.reject("refused: the rest was dropped");
});
