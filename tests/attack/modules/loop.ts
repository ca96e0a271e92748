import { withRows } from "./kit.ts";

export default withRows(() => {
  for (;;);
});
