import { attack } from "./kit.ts";

export default attack(() => "__BIG__".length);
