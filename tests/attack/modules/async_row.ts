import { withRows } from "./kit.ts";

export default withRows(async () => await new Promise(() => {}));
