import { withRows } from "./kit.ts";

/** Endless microtasks, so that the next message is never handled. */
export default withRows((_, ctx) => {
  const again = () => Promise.resolve().then(again);
  again();
  return ctx.reject("refused: it goes on");
});
