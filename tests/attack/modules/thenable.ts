import { withRows } from "./kit.ts";

/** Awaiting it passes two of the host's functions to it. */
export default withRows((_, ctx) => ({
  then(...given) {
    console.log("GOT awaited");
    given[0]?.({ items: { id: ctx.rowId, content: "GOT in" } });
  },
}));
