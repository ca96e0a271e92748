import { attack } from "./kit.ts";

export default attack(() => eval("Deno"));
