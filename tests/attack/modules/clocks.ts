import { attack } from "./kit.ts";

export default attack(
  () => setTimeout(() => {}, 0),
  () => setInterval(() => {}, 0),
  () => performance.now(),
  () => Date.now(),
  () => new Date().getTime(),
  () => Date(),
  () => queueMicrotask(() => {}),
  () => requestAnimationFrame(() => {}),
);
