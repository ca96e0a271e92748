import got from "npm:zod";
import { attack } from "./kit.ts";

export default attack(() => got);
