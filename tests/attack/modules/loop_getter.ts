import { withRows } from "./kit.ts";

export default withRows((_, ctx) => ({
  items: {
    id: ctx.rowId,
    get content() {
      for (;;);
    },
  },
}));
