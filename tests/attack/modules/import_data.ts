import got from "data:text/javascript,export default 1";
import { attack } from "./kit.ts";

export default attack(() => got);
