/**
 * The same Worker for formats that need a library: Excel, Parquet, Avro. The libraries are loaded
 * before the intrinsics are frozen and before untrusted code runs.
 *
 * @module
 */
import { releaseMemory } from "../../base/bytes.ts";
import { libraryReader } from "../formats/library_reader.ts";
import { serveWorker } from "./worker_loop.ts";

serveWorker((format, sink, limits) => {
  const reader = libraryReader(format, sink, limits);
  // Avro's reader keeps the pieces.
  if (format.kind === "avro") return reader;
  return {
    ...reader,
    async push(bytes) {
      await reader.push(bytes);
      // The bytes have been copied, or decoded to text.
      releaseMemory(bytes);
    },
  };
});
