import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { Failure, messageOf } from "../base/failure.ts";
import { type Config, configSchema, type Setting, type SettingName, SETTINGS } from "./schema.ts";
import { parseToml, placeOfKey } from "./toml_file.ts";

/** Settings from the command line; undefined means not set. */
type FlagValues = {
  [N in SettingName]?: string | number | boolean | readonly string[] | undefined;
};

export interface LoadOptions {
  flags?: FlagValues;
  /** @default the process's environment */
  env?: Record<string, string | undefined>;
  /** The file of `--config`. @default DATA/mysimbdp.toml, if it exists */
  configPath?: string | undefined;
  /** The folder for relative paths in flags, environment and defaults. */
  cwd?: string;
}

/** Where a setting was given outside of the file. */
type Source = { flag: string } | { variable: string };

type Tree = Record<string, unknown>;
interface ConfigFile {
  path: string;
  text: string;
  tree: Tree;
}

/** The file's name in the data directory. */
export const CONFIG_FILE = "mysimbdp.toml";

const FLAGS: { [N in SettingName]?: string } = {
  "data": "--data",
  "server.listen": "--listen",
  "server.tls_cert": "--tls-cert",
  "server.tls_key": "--tls-key",
  "server.url": "--server",
  "storage.url": "--storage",
  "sandbox.require_os_sandbox": "--require-os-sandbox",
};
/** Former names of settings, which are still accepted. */
const RENAMED = [{ section: "modules", from: "trial_files", to: "probation_files" }];
const PATHS: readonly SettingName[] = ["data", "server.tls_cert", "server.tls_key"];

/**
 * Returns the settings: a flag takes precedence over the environment, that over the config file, that
 * over the default. Relative paths in a config file are relative to its folder.
 *
 * @throws {Failure} `no-config`; `bad-config` with the file, line and column, the variable or the flag,
 * and what is allowed, but never the value, which can contain a password
 *
 * @example
 * ```ts
 * import { loadConfig } from "./load.ts";
 * loadConfig({ flags: { "server.listen": "0.0.0.0:80" }, env: {} }).server.listen; // "0.0.0.0:80"
 * ```
 */
export function loadConfig(options: LoadOptions = {}): Config {
  const { flags = {}, env = Deno.env.toObject(), cwd = Deno.cwd() } = options;
  const outside = collectOutside(flags, env, cwd);
  const configPath = options.configPath || env["MYSIMBDP_CONFIG"] || undefined;
  const file = readConfigFile(configPath, outside, cwd);
  const tree = structuredClone(file?.tree ?? {});
  renameFormer(tree);
  if (file) { for (const name of PATHS) resolveIn(tree, name, dirname(resolve(cwd, file.path))); }
  const sources = new Map<string, Source>();
  for (const [name, { value, source }] of outside) {
    if (assign(tree, name.split("."), value)) sources.set(name, source);
  }
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) throw toFailure(parsed.error, sources, file);
  return { ...parsed.data, data: resolve(cwd, parsed.data.data) };
}

type Outside = Map<SettingName, { value: unknown; source: Source }>;

/** Returns the settings of flags and environment. */
function collectOutside(flags: FlagValues, env: LoadOptions["env"], cwd: string): Outside {
  const outside: Outside = new Map();
  for (const setting of SETTINGS) {
    const { name, variable } = setting;
    const fromEnv = env?.[variable] || env?.[formerVariable(name)] || undefined;
    const given = flags[name] ?? fromEnv;
    if (given === undefined) continue;
    const source: Source = flags[name] !== undefined
      ? { flag: FLAGS[name] ?? `--${name}` }
      : { variable };
    const value = typeof given === "string" ? fromText(setting, given) : given;
    const isPath = PATHS.includes(name) && typeof value === "string" && value !== "";
    outside.set(name, { value: isPath ? resolve(cwd, value) : value, source });
  }
  return outside;
}

function formerVariable(name: SettingName): string {
  const renamed = RENAMED.find(({ section, to }) => name === `${section}.${to}`);
  return renamed ? `MYSIMBDP_${renamed.section}_${renamed.from}`.toUpperCase() : "";
}

/** Moves the values of former names to the current names. */
function renameFormer(tree: Tree): void {
  for (const { section, from, to } of RENAMED) {
    const settings = tree[section];
    if (!isTree(settings) || settings[from] === undefined || settings[to] !== undefined) continue;
    settings[to] = settings[from];
    delete settings[from];
  }
}

const BOOLEANS: Record<string, boolean> = { true: true, "1": true, false: false, "0": false };

/** Converts text to the setting's type; invalid text stays text, which the schema refuses. */
function fromText(setting: Setting, text: string): unknown {
  if (Array.isArray(setting.default)) return text.split(",").map((part) => part.trim());
  if (typeof setting.default === "boolean") return BOOLEANS[text.trim().toLowerCase()] ?? text;
  if (typeof setting.default !== "number" || text.trim() === "") return text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

function readConfigFile(
  path: string | undefined,
  outside: Outside,
  cwd: string,
): ConfigFile | null {
  const data = String(outside.get("data")?.value ?? SETTINGS[0]?.default);
  const found = path ?? join(resolve(cwd, data), CONFIG_FILE);
  const text = readText(path === undefined ? found : resolve(cwd, path), path !== undefined);
  if (text === null) return null;
  const tree = parseToml(text, found);
  if (path === undefined && Object.hasOwn(tree, "data")) {
    const state = "a configuration file in the data directory cannot set the data directory";
    throw badSetting({ path: found, text, tree }, ["data"], state);
  }
  return { path: found, text, tree };
}

function readText(path: string, required: boolean): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (missing && !required) return null;
    const state = missing ? "it does not exist" : messageOf(error);
    throw new Failure("usage", "no-config", `Cannot read the config file "${path}": ${state}`, {
      hint: "Check the path, or run mysimbdp manage init to create one.",
      cause: error,
    });
  }
}

function resolveIn(tree: Tree, name: SettingName, folder: string): void {
  const path = name.split(".");
  const value = path.reduce<unknown>((node, key) => isTree(node) ? node[key] : undefined, tree);
  if (typeof value === "string" && value !== "") assign(tree, path, resolve(folder, value));
}

/** Sets a value; returns false if the parent is not a table, which the schema refuses. */
function assign(tree: Tree, path: readonly string[], value: unknown): boolean {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    tree[key] = value;
    return true;
  }
  const inner = tree[key] ??= {};
  return isTree(inner) && assign(inner, rest, value);
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toFailure(
  error: z.ZodError,
  sources: Map<string, Source>,
  file: ConfigFile | null,
): Failure {
  const issue = error.issues[0];
  const at = (issue?.path ?? []).map(String);
  if (issue?.code === "unrecognized_keys") {
    const allowed = at.length === 0 ? Object.keys(configSchema.shape) : keysOf(at[0] ?? "");
    const state = `unknown setting; allowed are ${allowed.join(", ")}`;
    return badSetting(file, [...at, issue.keys[0] ?? ""], state);
  }
  // The position of a list element is that of the list.
  const path = at.slice(0, 2);
  const state = issue?.message.replace(/^Invalid (input|option): /, "") ?? "it is invalid";
  const source = sources.get(path.join("."));
  return badSetting(source ?? file, path, state);
}

function keysOf(section: string): string[] {
  return SETTINGS.filter(({ path }) => path[0] === section).map(({ path }) => path[1] ?? "");
}

function badSetting(where: ConfigFile | Source | null, path: string[], state: string): Failure {
  const setting = path.join(".");
  const details: Record<string, string | number> = { setting };
  let text = setting;
  if (where && "flag" in where) text = where.flag;
  else if (where && "variable" in where) text = where.variable;
  else if (where) {
    const place = placeOfKey(where.text, path);
    Object.assign(details, { file: where.path }, place ?? {});
    text = `${setting}" in "${where.path}${place ? `:${place.line}:${place.column}` : ""}`;
  }
  return new Failure("usage", "bad-config", `Cannot use the setting "${text}": ${state}`, {
    hint: "Correct or remove it. The file written by mysimbdp manage init shows all settings.",
    details,
  });
}
