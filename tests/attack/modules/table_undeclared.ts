import { withRows } from "./kit.ts";

const ingest = withRows(() => null);

export default { ...ingest, tables: { secrets: ingest.tables.items } };
