import { Failure, messageOf } from "../../base/failure.ts";
import type { CommandIo } from "./io.ts";

interface PasswordSources {
  /** What `-p` was given; `-` stands for standard input. */
  flag?: string;
  /** What `--password-file` was given: a path. */
  file?: string;
  /** `MYSIMBDP_PASSWORD`. */
  env?: string;
}

const KEY = {
  ctrlC: 3,
  ctrlD: 4,
  backspace: 8,
  lineFeed: 10,
  enter: 13,
  ctrlU: 21,
  escape: 27,
  delete: 127,
};

/**
 * Finds the password: flag, file, environment, then a hidden prompt on the terminal.
 *
 * @throws {Failure} kind `usage`, when there is none and no terminal to ask on
 *
 * @example
 * ```ts ignore
 * const password = await findPassword({ flag, env: io.env("MYSIMBDP_PASSWORD") }, "customer-1", io);
 * ```
 */
export async function findPassword(
  { flag, file, env }: PasswordSources,
  user: string,
  io: CommandIo,
): Promise<string> {
  if (flag !== undefined && file !== undefined) {
    throw new Failure("usage", "two-passwords", "Cannot use both -p and --password-file", {
      hint: "Pass only one of them.",
    });
  }
  if (flag === "-") return notEmpty(firstLine(await readAll(io)), "standard input");
  if (flag !== undefined) return notEmpty(flag, "-p");
  if (file !== undefined) return notEmpty(firstLine(await readFile(file)), `the file "${file}"`);
  if (env !== undefined && env !== "") return env;
  if (!io.stdin.isTerminal) {
    throw new Failure("usage", "no-password", `Cannot log in as "${user}": no password was given`, {
      hint: "Set MYSIMBDP_PASSWORD, or pass --password-file FILE, or -p - to read standard input.",
    });
  }
  return notEmpty(await askHidden(`Password for ${user}: `, io), "the prompt");
}

/**
 * Asks on the terminal without showing what is typed. Backspace, Ctrl-U and pasting work; Ctrl-C
 * and Ctrl-D give up. The terminal is put back in order whatever happens.
 *
 * @throws {Failure} `interrupted`
 */
export async function askHidden(question: string, io: CommandIo): Promise<string> {
  const interrupted = Promise.withResolvers<never>();
  const stopListening = io.onStop(() => interrupted.reject(interruption()));
  io.stderr.write(question);
  io.stdin.setRaw(true);
  try {
    return await Promise.race([readLine(io), interrupted.promise]);
  } finally {
    io.stdin.setRaw(false);
    io.stderr.write("\n");
    stopListening();
  }
}

async function readLine(io: CommandIo): Promise<string> {
  const typed: number[] = [];
  const buffer = new Uint8Array(1024);
  // An arrow key sends ESC [ A: whatever follows ESC [ up to a letter or ~ is no part of it.
  let sequence: "none" | "escape" | "control" = "none";
  for (;;) {
    const count = await io.stdin.read(buffer);
    if (count === null) return decode(typed);
    for (const byte of buffer.subarray(0, count)) {
      if (sequence === "escape") sequence = byte === 0x5b || byte === 0x4f ? "control" : "none";
      else if (sequence === "control") sequence = byte >= 0x40 && byte <= 0x7e ? "none" : "control";
      else if (byte === KEY.escape) sequence = "escape";
      else if (byte === KEY.ctrlC) throw interruption();
      else if (byte === KEY.enter || byte === KEY.lineFeed) return decode(typed);
      else if (byte === KEY.ctrlD && typed.length === 0) throw interruption();
      else if (byte === KEY.ctrlD) return decode(typed);
      else if (byte === KEY.backspace || byte === KEY.delete) removeLast(typed);
      else if (byte === KEY.ctrlU) typed.length = 0;
      else if (byte >= 0x20) typed.push(byte);
    }
  }
}

/** Takes off one character, which may be several bytes of UTF-8. */
function removeLast(typed: number[]): void {
  while (typed.length > 0) {
    const byte = typed.pop()!;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (!isContinuation) return;
  }
}

function decode(typed: number[]): string {
  return new TextDecoder().decode(new Uint8Array(typed));
}

function interruption(): Failure {
  return new Failure(
    "refused",
    "interrupted",
    "Cannot log in: the password prompt was interrupted",
  );
}

/**
 * Finds a secret other than a password: flag, file, then a hidden prompt on the terminal.
 * @throws {Failure} kind `usage`
 */
export async function findSecret(
  { flag, file }: Omit<PasswordSources, "env">,
  question: string,
  io: CommandIo,
): Promise<string> {
  if (flag === "-") return firstLine(await readAll(io));
  if (flag !== undefined) return flag;
  if (file !== undefined) return firstLine(await readFile(file));
  if (io.stdin.isTerminal) return await askHidden(question, io);
  throw new Failure("usage", "no-value", "Cannot ask for the value: there is no terminal", {
    hint: "Pass --value-file FILE, or --value - to read standard input.",
  });
}

async function readAll(io: CommandIo): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const count = await io.stdin.read(buffer);
    if (count === null) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
}

async function readFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const state = error instanceof Deno.errors.NotFound ? "it is not there" : messageOf(error);
    throw new Failure(
      "usage",
      "password-file",
      `Cannot read the password file "${path}": ${state}`,
      {
        cause: error,
      },
    );
  }
}

/** Editors and `echo` end a file with a line break that is no part of the password. */
function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? "";
}

function notEmpty(password: string, source: string): string {
  if (password !== "") return password;
  throw new Failure(
    "usage",
    "empty-password",
    `Cannot log in: the password from ${source} is empty`,
  );
}
