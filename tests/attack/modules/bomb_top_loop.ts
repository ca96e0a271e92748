import { withRows } from "./kit.ts";

for (;;);

export default withRows(() => null);
