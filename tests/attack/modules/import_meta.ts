import { attack } from "./kit.ts";

export default attack(
  () => import.meta.url,
  () => import.meta.resolve?.("./x.ts"),
  () => import.meta.dirname,
);
