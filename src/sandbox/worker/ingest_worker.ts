/**
 * The Worker without permissions that runs modules for text formats. One is started in advance for
 * each sandbox, so it loads no libraries.
 *
 * @module
 */
import { releaseMemory } from "../../base/bytes.ts";
import { recordReader } from "../formats/record_reader.ts";
import { isTextFormat } from "../wire/text_format.ts";
import { serveWorker } from "./worker_loop.ts";

serveWorker((format, sink, limits) => {
  if (!isTextFormat(format)) throw new Error(`this Worker cannot read ${format.kind}`);
  const reader = recordReader(format, sink, limits);
  return {
    ...reader,
    push(bytes) {
      reader.push(bytes);
      // The bytes have been decoded to text.
      releaseMemory(bytes);
    },
  };
});
