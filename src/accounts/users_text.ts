import { z } from "zod";
import { Failure, messageOf } from "../base/failure.ts";
import { parseStoredHash } from "./stored_hash.ts";
import { TENANT_NAME_PATTERN } from "../base/tenant_name.ts";

/** One account of users.json. */
export interface Account {
  name: string;
  enabled: boolean;
  /** The hash, without the prefix of a disabled account. */
  stored: string;
}

// Operators have no folder, so upper case is allowed. A tenant with such a name is reported; refusing
// the whole file would lock out all tenants.
const ACCOUNT_NAME = new RegExp(`^${TENANT_NAME_PATTERN}$`, "i");

/** Returns whether a file of accounts can contain this name. */
export function isAccountName(name: string): boolean {
  return ACCOUNT_NAME.test(name);
}

/** Prefix of a disabled account's hash; no hash starts with it. */
const DISABLED = "!";
const usersSchema = z.record(z.string(), z.string());

/**
 * Reads the text of users.json.
 *
 * @param file path of the file, for error messages
 * @throws {Failure} `bad-users-file`; never quotes the text, which contains hashes
 */
export function parseUsers(text: string, file: string): Map<string, Account> {
  const parsed = usersSchema.safeParse(parseJson(text, file));
  if (!parsed.success) {
    const key = parsed.error.issues[0]?.path[0];
    const state = key === undefined
      ? "it is not an object of names and hashes"
      : `the hash of ${JSON.stringify(key)} is not text`;
    throw badUsers(file, state, key === undefined ? null : lineOf(text, String(key)));
  }
  const accounts = new Map<string, Account>();
  for (const [name, value] of Object.entries(parsed.data)) {
    const account = toAccount(name, value);
    const fault = faultOf(account);
    if (fault) throw badUsers(file, fault, lineOf(text, name));
    accounts.set(name, account);
  }
  return accounts;
}

/** Returns all faults in the content of users.json, those of the whole file without a name. */
export function usersFaults(content: unknown): { name: string | null; message: string }[] {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return [{ name: null, message: "it is not an object of names and hashes" }];
  }
  return Object.entries(content).flatMap(([name, value]) => {
    const message = typeof value === "string"
      ? faultOf(toAccount(name, value))
      : `the hash of ${JSON.stringify(name)} is not text`;
    return message === null ? [] : [{ name, message }];
  });
}

/**
 * Reads the accounts of a users.json that have no faults, in a file that has some.
 * @throws {Failure} `bad-users-file` if it is not JSON, or not an object
 */
export function usableUsers(text: string, file: string): Map<string, Account> {
  const content = parseJson(text, file);
  const faults = usersFaults(content);
  if (faults.some(({ name }) => name === null)) return parseUsers(text, file);
  const faulty = new Set(faults.map(({ name }) => name));
  const usable = Object.entries(content as Record<string, string>)
    .filter(([name]) => !faulty.has(name));
  return new Map(usable.map(([name, value]) => [name, toAccount(name, value)]));
}

/** Formats users.json: one account per line, in the order of the map. */
export function formatUsers(accounts: ReadonlyMap<string, Account>): string {
  const values: Record<string, string> = {};
  for (const { name, enabled, stored } of accounts.values()) {
    values[name] = enabled ? stored : DISABLED + stored;
  }
  return JSON.stringify(values, null, 4) + "\n";
}

function toAccount(name: string, value: string): Account {
  const enabled = !value.startsWith(DISABLED);
  return { name, enabled, stored: enabled ? value : value.slice(DISABLED.length) };
}

function faultOf(account: Account): string | null {
  const name = JSON.stringify(account.name);
  if (!isAccountName(account.name)) return `${name} cannot be the name of an account`;
  if (!parseStoredHash(account.stored)) return `the hash of ${name} is in no known format`;
  return null;
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // Some of V8's messages give the position; others quote the text, so no message is passed on.
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(messageOf(error)) ?? [];
    const place = line === undefined ? null : { line: Number(line), column: Number(column) };
    throw badUsers(file, "it is not JSON", place);
  }
}

function lineOf(text: string, key: string): { line: number } | null {
  const at = text.indexOf(JSON.stringify(key));
  return at < 0 ? null : { line: text.slice(0, at).split("\n").length };
}

function badUsers(
  file: string,
  state: string,
  place: { line: number; column?: number } | null,
): Failure {
  const where = place
    ? `${file}:${place.line}${place.column === undefined ? "" : `:${place.column}`}`
    : file;
  const text = `Cannot read the accounts in "${where}": ${state}`;
  return new Failure("usage", "bad-users-file", text, {
    hint: "Restore the file from a backup, or fix that line: it maps a name to a hash.",
    details: { file, ...place },
  });
}
