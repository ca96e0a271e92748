/**
 * The innermost process of the sandbox: a Worker without permissions, for modules whose files are
 * text. One of these is started ahead of need, so it brings no library along.
 *
 * @module
 */
import { giveBack } from "../../base/bytes.ts";
import { isTextFormat, recordReader } from "../formats/record_reader.ts";
import { serveWorker } from "./worker_loop.ts";

serveWorker((format, sink, limits) => {
  if (!isTextFormat(format)) throw new Error(`this Worker cannot read ${format.kind}`);
  const reader = recordReader(format, sink, limits);
  return {
    ...reader,
    push(bytes) {
      reader.push(bytes);
      // By now it is text.
      giveBack(bytes);
    },
  };
});
