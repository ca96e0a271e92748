import got from "./linked/canary.json";
import { attack } from "./kit.ts";

export default attack(() => got);
