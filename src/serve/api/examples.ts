import type { FileView } from "../../protocol/file_view.ts";
import type { ModuleFiles, TestRun, VersionView } from "../../protocol/module_view.ts";
import type { Usage } from "../../protocol/usage.ts";

/** The file of all examples; its upload has the same id. */
export const EXAMPLE_ID = "01m85y1kj8c5r1g4hx7h65vx55";
/** An unfinished upload. */
export const EXAMPLE_UPLOAD_ID = "01m85y2c3d4e5f6g7h8j9k0m1n";
const EXAMPLE_SHA256 = "c06130229c9856ee4254b66856635d4d5f84b667c5e654cb56db05a95a91dee8";
/** `march.csv` in Base64. */
export const EXAMPLE_METADATA = "filename bWFyY2guY3N2";
export const EXAMPLE_CSV = "station,day,value\nBergen,2024-03-05,7\n";

export const EXAMPLE_SESSION = {
  token: "Yk3m0fTq1vXw5c8ZrJt2b7uHn4sPd6gEaLx9oQiKyCA",
  tokenType: "Bearer",
  expiresAt: "2026-11-24T05:46:52.016Z",
};

export const EXAMPLE_FILE: FileView = {
  id: EXAMPLE_ID,
  name: "march.csv",
  version: 1,
  size: 38,
  sha256: EXAMPLE_SHA256,
  state: "ingested",
  attempts: 1,
  receivedAt: "2026-11-24T04:46:52.016Z",
  nextTryAt: null,
  startedAt: "2026-11-24T04:46:52.038Z",
  finishedAt: "2026-11-24T04:46:52.053Z",
  rows: { read: 1, stored: 1, rejected: 0, skipped: 0, written: 1, replaced: 0 },
  seconds: 0.014,
  moduleVersion: "v2-5c7481f8",
  reason: null,
  notices: ['column "remarks" is not read by the module'],
  replacedBy: null,
  replacedByVersion: null,
  replaces: [],
  earlier: null,
  waitingFor: null,
};

export const EXAMPLE_TOTALS: Pick<Usage, "files" | "rows"> = {
  files: { received: 0, queued: 1, running: 0, ingested: 12, refused: 0, quarantined: 1 },
  rows: { stored: 119_820, rejected: 15 },
};

export const EXAMPLE_REJECT = {
  line: 5,
  column: "value",
  reason: '"wet" is not a number',
  raw: "Bergen,2024-03-02,wet",
};

export const EXAMPLE_MODULE: ModuleFiles = {
  "ingest.ts": 'import { csv, defineIngest } from "mysimbdp";\n',
  "tenant.json": '{"permissions":{"write":["readings"]}}\n',
};

export const EXAMPLE_VERSION: VersionView = {
  version: "v1-d580bb47",
  state: "approved",
  submittedAt: "2026-11-24T04:40:11.402Z",
  decidedAt: "2026-11-24T04:44:02.917Z",
  decidedBy: "ops",
  note: null,
  faults: [],
};

export const EXAMPLE_TEST_RUN: TestRun = {
  state: "done",
  name: "march.csv",
  askedAt: "2026-11-24T04:41:00.000Z",
  finishedAt: "2026-11-24T04:41:00.310Z",
  tables: [{
    table: "readings",
    columns: ["station", "day", "value"],
    rows: [["Bergen", "2024-03-05", "7"]],
    total: 1,
  }],
  rejects: [],
  counts: { read: 1, stored: 1, replaced: 0, rejected: 0, skipped: 0 },
  logs: [],
  notices: [],
  failure: null,
};

/** The beginning of a stream of server-sent events. */
export const EXAMPLE_STREAM = "event: changed\ndata: {}\n\n";

export const EXAMPLE_TOKEN = {
  id: "5f0c2a9e1b7d4836",
  name: "nightly export",
  scope: "send" as const,
  createdAt: "2026-11-24T04:46:52.016Z",
  expiresAt: "2027-02-22T04:46:52.016Z",
  lastUsedAt: null,
};
