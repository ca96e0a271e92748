import { withRows } from "./kit.ts";

/** Who reads the message of what was thrown never comes back. */
export default withRows(() => {
  throw Object.create(Error.prototype, {
    message: {
      get: () => {
        for (;;);
      },
    },
  });
});
