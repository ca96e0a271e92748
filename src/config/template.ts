import { SETTINGS } from "./schema.ts";

/**
 * The configuration file that `manage init` writes: every setting with its default, commented out,
 * so that a later version's better default takes effect.
 */
export function templateToml(): string {
  const lines = [
    "# Configuration of mysimbdp (TOML). A command line flag goes before an environment variable",
    "# (for example MYSIMBDP_SERVER_LISTEN), and that before this file. The values are the defaults.",
    "# The data directory is not set here, because this file is found through it: use --data or",
    "# MYSIMBDP_DATA.",
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
