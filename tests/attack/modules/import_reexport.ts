export * from "node:child_process";
import { attack } from "./kit.ts";

export default attack(() => undefined);
