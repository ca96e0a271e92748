import got from "https://example.com/x.js";
import { attack } from "./kit.ts";

export default attack(() => got);
