import { Failure } from "../../../base/failure.ts";
import { withCommas } from "../contract.ts";
import type { HeaderFailures } from "../header.ts";

/** Maximum number of names in a message. */
const MAX_LISTED = 10;

const RESAVE = "Open it in a spreadsheet program, save it as .xlsx and resend it.";

/** @param state what is wrong, as a continuation of "Cannot read the Excel file: " */
export function corrupt(state: string, hint = RESAVE): Failure {
  return new Failure("refused", "xlsx-corrupt", `Cannot read the Excel file: ${state}`, { hint });
}

export function partTooLarge(part: string, maxBytes: number): Failure {
  const text = `Cannot read the Excel file: its part ${quoted(part)} has more than ${
    withCommas(maxBytes)
  } bytes`;
  return new Failure("refused", "xlsx-too-large", text, {
    hint: "Split the workbook, or ask the operator to raise sandbox.max_whole_file_mb.",
  });
}

export function noSheet(
  sheet: string | number,
  sheets: readonly { name: string; isHidden: boolean }[],
): Failure {
  const names = sheets.map(({ name, isHidden }) => quoted(name) + (isHidden ? " (hidden)" : ""));
  const text =
    `Cannot read the sheet ${quoted(sheet)}: the workbook does not have it; its sheets ` +
    `are ${names.slice(0, MAX_LISTED).join(", ")}`;
  return new Failure("refused", "xlsx-no-sheet", text, {
    hint: "Set the sheet's name exactly as in the workbook, or its number among the visible " +
      "sheets, with xlsx({ sheet: … }).",
  });
}

export function emptySheet(sheet: string, other: string): Failure {
  const text = `Cannot read the sheet ${quoted(sheet)}: it is empty, but ${quoted(other)} is not`;
  return new Failure("refused", "xlsx-empty-sheet", text, {
    hint: "Set the sheet to read with xlsx({ sheet: … }), or move it to the front.",
  });
}

/** Failures of the header of a sheet. */
export function headerFailures(sheet: string): HeaderFailures {
  return {
    bad: (where, state, column) =>
      new Failure(
        "refused",
        "xlsx-bad-header",
        `Cannot read ${where} of the sheet ${quoted(sheet)}: ${state}`,
        {
          hint:
            "Give every column a different name, or set xlsx({ uniqueNames: true }). If there " +
            "are titles above the header, set skip or skipTo. If there is no header, pass the " +
            "names with xlsx({ header: [...] }).",
          details: { column },
        },
      ),
    missing: (state) =>
      new Failure(
        "refused",
        "xlsx-no-header",
        `Cannot read the header of the sheet ${quoted(sheet)}: ${
          state.replace(/^the file/, "the sheet")
        }`,
        {
          hint:
            "Send a sheet with a row of column names, or set the sheet with xlsx({ sheet: … }).",
        },
      ),
  };
}

/** The option `text` names columns that the sheet does not have. */
export function noTextColumn(missing: readonly string[], names: readonly string[]): Failure {
  const [what, verb] = missing.length === 1 ? ["column", "is"] : ["columns", "are"];
  const text = `Cannot read the sheet: the ${what} ${listed(missing)} of the option text ${verb} ` +
    `missing; the sheet has ${listed(names)}`;
  return new Failure("refused", "column-missing", text, {
    hint: "Name the columns in xlsx({ text: [...] }) exactly as in the header of the sheet.",
  });
}

/** A text from the file, for a message. */
export function quoted(text: string | number): string {
  return JSON.stringify(typeof text === "string" ? text.slice(0, 100) : text);
}

/** The first names of a list, for a message. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_LISTED).map(quoted).join(", ");
  return names.length > MAX_LISTED ? `${shown} and ${names.length - MAX_LISTED} more` : shown;
}
