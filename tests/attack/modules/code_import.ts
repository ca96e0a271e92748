import { attack } from "./kit.ts";

const word = "im" + "port";

export default attack(
  () => new Function(`return ${word}("__CANARY_FILE__")`)(),
  () => (0, eval)(`${word}("node:fs")`),
  () => (0, eval)(`${word} /**/ ("__CANARY_FILE__")`),
  () => new Function("x", `return ${word}\n(x)`)("data:text/javascript,1"),
  () => new Function(`return ${word}.meta.url`)(),
);
