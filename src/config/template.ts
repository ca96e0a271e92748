import { SETTINGS } from "./schema.ts";

/**
 * Returns the configuration file that `manage init` writes: every setting with its default, commented
 * out, so that new defaults of a later version apply.
 */
export function templateToml(): string {
  const lines = [
    "# Configuration of mysimbdp (TOML). Command line flags and environment variables (for example",
    "# MYSIMBDP_SERVER_LISTEN) take precedence. The values shown are the defaults.",
    "# Set the data directory, which contains this file, with --data or MYSIMBDP_DATA.",
  ];
  let section = "";
  for (const { path: [table, key], description, default: value } of SETTINGS) {
    if (key === undefined) continue;
    if (table !== section) lines.push("", `[${table}]`);
    else lines.push("");
    section = table ?? "";
    lines.push(`# ${description}`, `#${key} = ${JSON.stringify(value)}`);
  }
  return lines.join("\n") + "\n";
}
