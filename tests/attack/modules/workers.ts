import { attack } from "./kit.ts";

export default attack(
  () => new Worker("data:text/javascript,1", { type: "module" }),
  () => new SharedWorker("data:text/javascript,1"),
  () => postMessage({ type: "reply", reply: { type: "done", rows: {} } }),
  () => {
    self.onmessage = () => {};
    return self;
  },
  () => importScripts("data:text/javascript,1"),
);
