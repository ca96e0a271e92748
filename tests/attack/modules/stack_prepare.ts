import { attack } from "./kit.ts";

/** V8 passes call sites to this function, which lead to functions of the host. */
export default attack(
  () => {
    let sites;
    Error.prepareStackTrace = (_, frames) => sites = frames;
    new Error().stack;
    return sites?.map((site) => String(site.getThis?.() ?? site.getFunction?.()));
  },
  () => {
    const holder = {};
    Error.captureStackTrace(holder, Function);
    return typeof holder.stack === "string" ? undefined : holder.stack;
  },
);
