import { withRows } from "./kit.ts";

/** Who awaits it gives it two functions of its own. */
export default withRows((_, ctx) => ({
  then(...given) {
    console.log("GOT awaited");
    given[0]?.({ items: { id: ctx.rowId, content: "GOT in" } });
  },
}));
