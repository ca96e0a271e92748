/**
 * The same Worker for modules whose files need a library: Excel, Parquet, Avro. The libraries are
 * loaded before the intrinsics are frozen and before anything of a stranger is run.
 *
 * @module
 */
import { libraryReader } from "../formats/library_reader.ts";
import { serveWorker } from "./worker_loop.ts";

serveWorker(libraryReader);
