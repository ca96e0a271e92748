import type { Layout } from "../../data/layout.ts";
import { fileListSchema, fileViewSchema, rejectListSchema } from "../../protocol/file_view.ts";
import { PATHS } from "../../protocol/paths.ts";
import type { LiveEvents } from "../http/live_events.ts";
import { json, type Parameter, type Route, routesFor } from "../http/route.ts";
import {
  EXAMPLE_CSV,
  EXAMPLE_FILE,
  EXAMPLE_ID,
  EXAMPLE_REJECT,
  EXAMPLE_STREAM,
} from "./examples.ts";
import { sendFile } from "./file_content.ts";
import {
  type FileDeps,
  fileOf,
  filesQuerySchema,
  listFiles,
  rejectsOf,
  rejectsQuerySchema,
} from "./file_views.ts";
import { eventsQuerySchema, watchedByCustomer } from "./watched.ts";
import type { ModuleDeps } from "./module_views.ts";
import { sendRejectsCsv } from "./rejects_csv.ts";

const define = routesFor("Files", "customer");

const fileId: Parameter = {
  description: "The file, or the upload that it came with.",
  example: EXAMPLE_ID,
};

/** Shared by the routes that list the rejects of a file. */
export const rejectsContract = {
  query: { schema: rejectsQuerySchema, example: { limit: "100" } },
  answer: json(200, "A page of the file's rejects.", rejectListSchema, {
    rejects: [EXAMPLE_REJECT],
    next: null,
  }),
};
/** Shared by the routes that stream events. */
export const eventsContract = {
  query: { schema: eventsQuerySchema },
  answer: {
    status: 200,
    description: "A stream that ends with the session.",
    body: { mediaType: "text/event-stream", example: EXAMPLE_STREAM },
  },
};

/** The dependencies of the routes of files. */
interface FileRoutesDeps extends FileDeps {
  layout: Layout;
  modules: ModuleDeps;
  live: LiveEvents;
}

/** The files that a customer sent, their rejects, and a stream of changes. */
export function fileRoutes(deps: FileRoutesDeps): Route[] {
  const { ledger, layout, live } = deps;
  return [
    define({
      method: "get",
      path: PATHS.files,
      id: "listFiles",
      summary: "List files",
      description: "Newest first, including files that are still waiting. Pass `next` as `after` " +
        "to get the next page; it is null on the last. With `name` and `sha256` the list answers " +
        "whether a file has to be sent: a file that the server has lost, or whose rows a later " +
        "version has replaced, is not on it.",
      query: { schema: filesQuerySchema, example: { state: "ingested", limit: "1" } },
      answer: json(200, "A page of your files.", fileListSchema, {
        files: [EXAMPLE_FILE],
        next: null,
      }),
      problems: ["bad-request", "unavailable"],
      handle: (c, { query }) => listFiles(deps, c.get("tenant"), query),
    }),
    define({
      method: "get",
      path: `${PATHS.files}/:id`,
      id: "showFile",
      summary: "Show a file",
      description: "`read` = `stored` + `rejected` + `skipped`. The states `ingested`, `refused` " +
        "and `quarantined` are final unless an operator replays the file.",
      params: { id: fileId },
      answer: json(200, "The file.", fileViewSchema, EXAMPLE_FILE),
      problems: ["not-found", "unavailable"],
      handle: (c, { params }) => fileOf(deps, c.get("tenant"), params.id),
    }),
    define({
      method: "get",
      path: `${PATHS.files}/:id/rejects`,
      id: "listRejects",
      summary: "List a file's rejects",
      description: "The records that were not stored, in the order of their lines, which count " +
        "from 1. `raw` is cut at 4,096 characters.",
      params: { id: fileId },
      ...rejectsContract,
      problems: ["bad-request", "not-found", "unavailable"],
      handle: async (c, { params, query }) =>
        rejectsOf(ledger, (await fileOf(deps, c.get("tenant"), params.id)).id, query),
    }),
    define({
      method: "get",
      path: `${PATHS.files}/:id/rejects.csv`,
      id: "downloadRejects",
      summary: "Download a file's rejects as CSV",
      description:
        "All rejects, for a spreadsheet. A cell that would be read as a formula starts " +
        "with an apostrophe.",
      params: { id: fileId },
      answer: {
        status: 200,
        description: "Lines of `line`, `column`, `reason` and `raw`.",
        body: {
          mediaType: "text/csv",
          example: 'line,column,reason,raw\r\n5,value,"""wet"" is not a number","Bergen,wet"\r\n',
        },
      },
      problems: ["not-found", "unavailable"],
      handle: async (c, { params }) =>
        sendRejectsCsv(c, ledger, await fileOf(deps, c.get("tenant"), params.id)),
    }),
    define({
      method: "get",
      path: `${PATHS.files}/:id/content`,
      id: "downloadFile",
      summary: "Download a file as it was sent",
      description: "Files are kept for `manage.archive_days`.",
      params: { id: fileId },
      answer: {
        status: 200,
        description: "The bytes of the file.",
        body: { mediaType: "application/octet-stream", example: EXAMPLE_CSV },
      },
      problems: ["not-found", "file-not-found", "unavailable"],
      handle: async (c, { params }) =>
        sendFile(c, layout, await fileOf(deps, c.get("tenant"), params.id)),
    }),
    define({
      method: "get",
      path: PATHS.events,
      id: "events",
      summary: "Subscribe to changes",
      description: "Server-sent events: `changed` when one of your newest files, your module or " +
        "the file named by `file` has changed.",
      ...eventsContract,
      problems: ["too-busy", "unavailable"],
      handle: (c, { query }) => live(c, watchedByCustomer(deps, c.get("tenant"), query.file)),
    }),
  ];
}
