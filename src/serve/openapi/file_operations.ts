import { fileListSchema, fileViewSchema, rejectListSchema } from "../../protocol/file_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import { eventsQuerySchema } from "../api/fingerprints.ts";
import { listQuerySchema, rejectsQuerySchema } from "../api/files.ts";
import { EXAMPLE_CSV, EXAMPLE_FILE, EXAMPLE_ID, EXAMPLE_REJECT } from "./examples.ts";
import type { Operation, Parameter } from "./operation.ts";

const TAG = "Files";

const fileId: Parameter = {
  name: "id",
  in: "path",
  description: "The file, or the upload that it came with.",
  example: EXAMPLE_ID,
};

/** What became of the files that were sent. */
export const FILE_OPERATIONS: Operation[] = [
  {
    method: "get",
    path: PATHS.files,
    id: "listFiles",
    tag: TAG,
    summary: "Files, newest first",
    description: "Also those that nobody looked at yet. `next` goes into `after` for the next " +
      "page; it is null on the last.",
    audience: "customer",
    query: listQuerySchema,
    queryExample: { state: "ingested", limit: "1" },
    answer: {
      status: 200,
      description: "A page of the caller's files.",
      body: { schema: fileListSchema, example: { files: [EXAMPLE_FILE], next: null } },
    },
    problems: ["bad-request", "unavailable"],
  },
  {
    method: "get",
    path: `${PATHS.files}/{id}`,
    id: "showFile",
    tag: TAG,
    summary: "One file",
    description: "`read` = `stored` + `rejected` + `skipped`. The states `ingested`, `refused` " +
      "and `quarantined` are final unless an operator replays the file.",
    audience: "customer",
    parameters: [fileId],
    answer: {
      status: 200,
      description: "The file.",
      body: { schema: fileViewSchema, example: EXAMPLE_FILE },
    },
    problems: ["not-found", "unavailable"],
  },
  {
    method: "get",
    path: `${PATHS.files}/{id}/rejects`,
    id: "listRejects",
    tag: TAG,
    summary: "Records that were kept out",
    description: "In the order of their lines, which count from 1. `raw` is cut at 4,096 " +
      "characters.",
    audience: "customer",
    parameters: [fileId],
    query: rejectsQuerySchema,
    queryExample: { limit: "100" },
    answer: {
      status: 200,
      description: "A page of the file's rejects.",
      body: { schema: rejectListSchema, example: { rejects: [EXAMPLE_REJECT], next: null } },
    },
    problems: ["bad-request", "not-found", "unavailable"],
  },
  {
    method: "get",
    path: `${PATHS.files}/{id}/rejects.csv`,
    id: "downloadRejects",
    tag: TAG,
    summary: "The same as CSV",
    description: "All of them, for a spreadsheet: a cell that it would take for a formula has an " +
      "apostrophe before it.",
    audience: "customer",
    parameters: [fileId],
    answer: {
      status: 200,
      description: "Lines of `line`, `column`, `reason` and `raw`.",
      body: {
        mediaType: "text/csv",
        example: 'line,column,reason,raw\r\n5,value,"""wet"" is not a number","Bergen,wet"\r\n',
      },
    },
    problems: ["not-found", "unavailable"],
  },
  {
    method: "get",
    path: `${PATHS.files}/{id}/content`,
    id: "downloadFile",
    tag: TAG,
    summary: "The file as it was sent",
    description: "For as long as it is kept: `manage.archive_days`.",
    audience: "customer",
    parameters: [fileId],
    answer: {
      status: 200,
      description: "Its bytes.",
      body: { mediaType: "application/octet-stream", example: EXAMPLE_CSV },
    },
    problems: ["not-found", "file-not-found", "unavailable"],
  },
  {
    method: "get",
    path: PATHS.events,
    id: "events",
    tag: TAG,
    summary: "Hear of changes",
    description: "Server-sent events: `changed`, when one of the caller's newest files is other " +
      "than it was, or the one that `file` names.",
    audience: "customer",
    query: eventsQuerySchema,
    answer: {
      status: 200,
      description: "A stream that ends with the session.",
      body: { mediaType: "text/event-stream", example: "event: changed\ndata: {}\n\n" },
    },
    problems: ["too-busy", "unavailable"],
  },
];
