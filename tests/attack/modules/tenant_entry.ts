import { attack } from "./kit.ts";

export default attack(() => undefined);
