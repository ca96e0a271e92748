import got from "node:fs";
import { attack } from "./kit.ts";

export default attack(() => got);
