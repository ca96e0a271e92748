import { withRows } from "./kit.ts";

const held = [];
for (;;) held.push(new Array(100_000).fill(held.length));

export default withRows(() => null);
