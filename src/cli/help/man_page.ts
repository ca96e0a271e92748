import { VERSION } from "../../base/version.ts";
import { type CommandNode, type Flag, namesOf } from "./command_tree.ts";
import { type Example, EXIT_MEANINGS } from "./guide.ts";

/** Returns the name of a man page, such as `mysimbdp-manage-tenant`. */
export function manPageName({ path }: CommandNode): string {
  return ["mysimbdp", ...path].join("-");
}

/**
 * Returns the man page of a command as roff with man(7) macros.
 *
 * @param above its parent commands, for SEE ALSO
 */
export function manPage(node: CommandNode, above: readonly CommandNode[]): string {
  const name = manPageName(node);
  const line = ["mysimbdp", ...node.path].join(" ");
  const lines = [
    `.TH "${escape(name.toUpperCase())}" "1" "" "mysimbdp ${VERSION}" "User Commands"`,
    ".SH NAME",
    `${escape(name)} \\- ${escape(node.what)}`,
    ".SH SYNOPSIS",
    `.B ${escape(line)}`,
    escape(synopsis(node)),
  ];
  if (node.children.length > 0) lines.push(".SH COMMANDS", ...node.children.flatMap(childLines));
  lines.push(".SH OPTIONS", ...node.flags.flatMap(flagLines));
  if (node.notes.length > 0) lines.push(".SH NOTES", ...node.notes.flatMap(paragraph));
  if (node.environment.length > 0) lines.push(".SH ENVIRONMENT", ...terms(node.environment));
  lines.push(".SH EXIT STATUS", ...terms(EXIT_MEANINGS));
  if (node.examples.length > 0) lines.push(".SH EXAMPLES", ...node.examples.flatMap(exampleLines));
  const related = [...above, ...node.children].map((other) =>
    `.BR ${escape(manPageName(other))} (1)`
  );
  if (related.length > 0) lines.push(".SH SEE ALSO", related.join(" ,\n"));
  return `${lines.filter((text) => text !== "").join("\n")}\n`;
}

function synopsis(node: CommandNode): string {
  const args = node.arguments.map(({ name, optional, many }) => {
    const shown = many ? `${name}...` : name;
    return optional ? `[${shown}]` : shown;
  });
  return [node.children.length > 0 ? "[COMMAND]" : "", ...args, "[OPTIONS]"].join(" ").trim();
}

function childLines(child: CommandNode): string[] {
  return [".TP", `.BR ${escape(manPageName(child))} (1)`, escape(child.what)];
}

function flagLines(flag: Flag): string[] {
  const { placeholder, what } = flag;
  const names = namesOf(flag).map((name) => `\\fB${escape(name)}\\fR`);
  const value = placeholder === null ? "" : ` \\fI${escape(placeholder.slice(1, -1))}\\fR`;
  return [".TP", `${names.join(", ")}${value}`, escape(what)];
}

function terms(entries: readonly Example[]): string[] {
  return entries.flatMap(([term, what]) => [".TP", `.B ${escape(term)}`, escape(what)]);
}

function paragraph(text: string): string[] {
  return [".PP", escape(text)];
}

function exampleLines([line, what]: Example): string[] {
  const shown = [".PP", ".nf", `.RS`, escape(line), ".RE", ".fi"];
  return what
    ? [".PP", escape(`${what.charAt(0).toUpperCase()}${what.slice(1)}:`), ...shown.slice(1)]
    : shown;
}

/** Escapes dashes, so that they can be copied, and a leading character that starts a roff request. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^[.']/, "\\&$&");
}
