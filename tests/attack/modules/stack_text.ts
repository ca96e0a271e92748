import { attack } from "./kit.ts";

/** Stack traces reveal the paths of the host's files. */
export default attack(
  () => /file:|\/|worker/i.test(String(new Error("x").stack)) ? new Error("x").stack : undefined,
  () => {
    try {
      null.x;
    } catch (thrown) {
      return /file:|\/|worker/i.test(String(thrown.stack)) ? thrown.stack : undefined;
    }
  },
);
