import { withRows } from "./kit.ts";

/** Microtasks that never let the next message in. */
export default withRows((_, ctx) => {
  const again = () => Promise.resolve().then(again);
  again();
  return ctx.reject("refused: it goes on");
});
