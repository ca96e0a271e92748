import { attack } from "./kit.ts";

export default attack(
  () => process.env,
  () => process.argv,
  () => process.binding("fs"),
  () => process.mainModule,
  () => globalThis["process"].env.PATH,
);
