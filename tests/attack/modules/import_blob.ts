import got from "blob:null/1234";
import { attack } from "./kit.ts";

export default attack(() => got);
