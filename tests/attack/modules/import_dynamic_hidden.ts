import { attack, later } from "./kit.ts";

const where = "__CANARY_FILE__";

export default attack(() => later(import /* hidden */(where)));
