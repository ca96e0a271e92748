import got from "./%2e%2e/%2e%2e/canary.json";
import { attack } from "./kit.ts";

export default attack(() => got);
