import got from "./linked.json";
import { attack } from "./kit.ts";

export default attack(() => got);
