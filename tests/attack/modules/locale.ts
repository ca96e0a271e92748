import { attack } from "./kit.ts";

export default attack(
  () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  () => navigator.hardwareConcurrency,
  () => location.href,
  () => navigator.language,
);
