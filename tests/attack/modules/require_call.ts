const got = require("fs");
import { attack } from "./kit.ts";

export default attack(() => got);
