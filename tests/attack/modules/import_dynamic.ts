import { attack, later } from "./kit.ts";

export default attack(() => later(import("__CANARY_FILE__")));
