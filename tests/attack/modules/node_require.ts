import { attack } from "./kit.ts";

export default attack(
  () => globalThis["require"]("fs"),
  () => (0, eval)("typeof require === 'function' ? require('fs') : undefined"),
  () => module.constructor._load("fs"),
  () => Buffer.from("a"),
);
