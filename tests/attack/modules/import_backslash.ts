import got from "./..\\..\\canary.json";
import { attack } from "./kit.ts";

export default attack(() => got);
