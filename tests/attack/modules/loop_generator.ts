import { withRows } from "./kit.ts";

function* numbers() {
  for (let n = 0;; n++) yield n;
}

export default withRows(() => {
  for (const _ of numbers());
});
