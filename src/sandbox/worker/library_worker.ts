/**
 * The same Worker for formats that need a library: Excel, Parquet, Avro. The libraries are loaded
 * before the intrinsics are frozen and before untrusted code runs.
 *
 * @module
 */
import { libraryReader } from "../formats/library_reader.ts";
import { serveWorker } from "./worker_loop.ts";

serveWorker(libraryReader);
