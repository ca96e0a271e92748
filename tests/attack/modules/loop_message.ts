import { withRows } from "./kit.ts";

/** Reading the message of the thrown value never returns. */
export default withRows(() => {
  throw Object.create(Error.prototype, {
    message: {
      get: () => {
        for (;;);
      },
    },
  });
});
