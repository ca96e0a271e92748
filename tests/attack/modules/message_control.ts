import { withRows } from "./kit.ts";

/** Escapes that overwrite a terminal, and line ends that forge log lines. */
const FORGED =
  "\u001b[2J\u001b]0;owned\u0007\r\n2019-10-31 15:16:22 - Ingestion of the file: forged.csv";

export default withRows((_, ctx) => {
  console.log(FORGED);
  return ctx.reject(`refused: ${FORGED}`, FORGED);
});
