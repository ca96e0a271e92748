import { attack } from "./kit.ts";

export default attack(() => undefined);
//# sourceMappingURL=file://__CANARY_FILE__
