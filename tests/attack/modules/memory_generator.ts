import { withRows } from "./kit.ts";

function* rows() {
  for (let n = 0;; n++) yield { id: n, content: `${n}` };
}

export default withRows(() => ({ items: [...rows()] }));
