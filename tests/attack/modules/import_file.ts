import got from "file://__CANARY_FILE__";
import { attack } from "./kit.ts";

export default attack(() => got);
