import got from "__CANARY_FILE__" with { type: "json" };
import { attack } from "./kit.ts";

export default attack(() => got);
