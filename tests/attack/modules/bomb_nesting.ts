import { attack } from "./kit.ts";

export default attack(() => __DEEP__);
