import { attack } from "./kit.ts";

function down(n) {
  return down(n + 1) + 1;
}

export default attack(() => down(0), () => JSON.parse("[".repeat(1e6)));
