import got from "esbuild";
import { attack } from "./kit.ts";

export default attack(() => got);
