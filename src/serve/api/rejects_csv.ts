import type { FileRecord, LedgerReader } from "../../storage/contract.ts";
import type { AppContext } from "../http/env.ts";
import { inTurn } from "../http/pace.ts";

/** Few, because a reject can have 4,096 characters. */
const PAGE = 200;
/** East Asian versions of spreadsheets accept the full-width signs, too. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

/**
 * Sends all rejects of a file as CSV (RFC 4180), page by page. A cell that a spreadsheet would run as
 * a formula gets an apostrophe in front; the JSON has the exact text.
 */
export function sendRejectsCsv(
  c: AppContext,
  ledger: LedgerReader,
  { id, name }: Pick<FileRecord, "id" | "name">,
): Response {
  const encoder = new TextEncoder();
  let seen = -1;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (seen < 0) {
        seen = 0;
        return controller.enqueue(encoder.encode("line,column,reason,raw\r\n"));
      }
      const page = await ledger.rejects(id, seen, PAGE);
      seen += page.length;
      const lines = page.map(({ line, column, reason, raw }) =>
        [line, column ?? "", reason, raw].map(cell).join(",")
      );
      const bytes = encoder.encode(lines.map((line) => `${line}\r\n`).join(""));
      // A row takes as long as four times its bytes of anything else.
      await inTurn(4 * bytes.length);
      if (lines.length > 0) controller.enqueue(bytes);
      if (page.length < PAGE) controller.close();
    },
  });
  return c.body(body, 200, {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}.rejects.csv`,
  });
}

function cell(value: string | number): string {
  const text = String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
