import { join } from "node:path";
import { binary } from "../../harness/binary.ts";
import { Running } from "../../harness/process.ts";
import { asCustomer, type Customer as Account, tus } from "../../harness/tus.ts";
import { pause } from "../../harness/until.ts";
import type { Content } from "./contents.ts";
import type { Town } from "./town.ts";

/** Reasons after which a customer sends a file again: the platform no longer has its bytes. */
export const SEND_AGAIN = /^bytes-/;

/** Somebody who sends files. */
export interface Customer {
  readonly tenant: string;
  /** Files that it has not sent yet. */
  readonly unsent: number;
  /** The maximum number of rows of its files. */
  readonly most: number;
  /** Its own files, if it has a folder of them. */
  readonly dir: string | null;
  /** What its last try to send everything printed. */
  readonly troubles: readonly string[];
  add(content: Content): Promise<void>;
  /** Kills its program; it starts again. */
  kill(): void;
  /** Sends whatever the platform does not have. @returns whether everything has been received */
  sendAll(): Promise<boolean>;
  close(): Promise<void>;
}

/** Sends a folder with `fetch`, again and again or with `--watch`. */
export class FetchCustomer implements Customer {
  readonly tenant: string;
  readonly most = 400;
  readonly dir: string;
  readonly #town: Town;
  readonly #watches: boolean;
  #running: Running | null = null;
  #isPaused = false;
  #isClosed = false;
  readonly #kept: Promise<void>;
  /** Lines of {@link #running} that were read. */
  #read = 0;
  /** Names that were sent or were there already. */
  readonly #sent = new Set<string>();
  troubles: string[] = [];

  private constructor(town: Town, tenant: string, watches: boolean, dir: string) {
    this.#town = town;
    this.tenant = tenant;
    this.#watches = watches;
    this.dir = dir;
    this.#kept = this.#keep();
  }

  static async create(town: Town, tenant: string, watches: boolean): Promise<FetchCustomer> {
    const dir = await Deno.makeTempDir({ prefix: "mysimbdp-customer-" });
    await town.own(dir);
    return new FetchCustomer(town, tenant, watches, dir);
  }

  get unsent(): number {
    const wanted = this.#town.contents.of(this.tenant).filter(({ isWanted }) => isWanted);
    return wanted.filter(({ name }) => !this.#sent.has(name)).length;
  }

  async add({ name, bytes }: Content): Promise<void> {
    const part = join(this.dir, `.${name}.part`);
    await Deno.writeFile(part, bytes);
    await this.#town.own(part);
    await Deno.rename(part, join(this.dir, name));
  }

  kill(): void {
    this.#running?.kill();
  }

  async sendAll(): Promise<boolean> {
    this.#isPaused = true;
    this.kill();
    await this.#running?.ended();
    const fetching = this.#start(false);
    const { code } = await fetching.ended(120);
    this.troubles = fetching.stdout.lines.filter((line) => !line.includes('"already-there"'));
    return code === 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#kept;
    this.kill();
    await this.#running?.ended();
    await Deno.remove(this.dir, { recursive: true });
  }

  async #keep(): Promise<void> {
    while (!this.#isClosed) {
      await pause(this.#watches ? 50 : 300);
      if (this.#running !== null) this.#noteSent(this.#running);
      if (this.#isPaused || this.#running?.hasEnded === false) continue;
      this.#running = this.#start(this.#watches);
      this.#read = 0;
    }
  }

  #start(watches: boolean): Running {
    const { tenant, dir } = this;
    const login = ["-u", tenant, "-p", `password-${tenant}`];
    const more = watches ? ["--watch", "--interval", "0.3"] : [];
    const args = ["fetch", ...login, "-d", dir, "--server", this.#town.url, "--json", ...more];
    const env = { MYSIMBDP_FETCH_REST_SECONDS: "0.5" };
    return this.#town.platform.own(new Running(args, { uid: this.#town.uid, env }, binary()));
  }

  #noteSent(running: Running): void {
    const lines = running.stdout.lines.slice(this.#read);
    this.#read += lines.length;
    for (const text of lines) {
      if (!text.startsWith('{"type":"file"')) continue;
      const line = JSON.parse(text);
      if (["sent", "skipped"].includes(line.status)) this.#sent.add(line.name);
      if (line.status === "sent") this.#town.contents.acknowledge(this.tenant, line.sha256);
    }
  }
}

const PIECES = 8;
const PIECE_MS = 30;
const AT_ONCE = 3;

/** A tus client that sends pieces, and asks later what became of its files. */
export class TusCustomer implements Customer {
  readonly tenant: string;
  readonly most = 2_000;
  readonly dir = null;
  readonly troubles = [];
  readonly #town: Town;
  readonly #account: Account;
  /** The file ids of contents that were acknowledged, by tag. */
  readonly #ids = new Map<string, string>();
  #isClosed = false;
  readonly #kept: Promise<void>;

  constructor(town: Town, tenant: string) {
    this.#town = town;
    this.tenant = tenant;
    this.#account = { url: town.url, user: tenant, password: `password-${tenant}` };
    this.#kept = this.#keep();
  }

  get #waiting(): Content[] {
    return this.#town.contents.of(this.tenant).filter(({ tag }) => !this.#ids.has(tag));
  }

  get unsent(): number {
    return this.#waiting.length;
  }

  add(): Promise<void> {
    return Promise.resolve();
  }

  kill(): void {
    // Its unfinished uploads stay behind.
    this.#uploads.clear();
  }

  async sendAll(): Promise<boolean> {
    for (const [tag, id] of this.#ids) {
      const answer = await asCustomer(this.#account, `/v1/files/${id}`);
      const file = await answer.json();
      const isLost = answer.status === 404 || SEND_AGAIN.test(file.reason?.code ?? "");
      if (isLost) this.#ids.delete(tag);
    }
    return this.unsent === 0;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#kept;
  }

  /** The paths of unfinished uploads by tag. */
  readonly #uploads = new Map<string, string>();

  /** Sends pieces of a few files in turn. */
  async #keep(): Promise<void> {
    for (let turn = 0; !this.#isClosed; turn++) {
      const waiting = this.#waiting.slice(0, AT_ONCE);
      const content = waiting[turn % waiting.length];
      try {
        if (content) await this.#sendSome(content);
        await pause(PIECE_MS);
      } catch {
        // The server is down.
        await pause(200);
      }
    }
  }

  /** Sends the next piece of a file. */
  async #sendSome(content: Content): Promise<void> {
    const { tag, bytes } = content;
    const path = this.#uploads.get(tag) ?? await this.#create(content);
    if (path === null) return await pause(200);
    this.#uploads.set(tag, path);
    const head = await tus(this.#account, path, { method: "HEAD" });
    if (head.status === 404 || head.status === 410) return void this.#uploads.delete(tag);
    if (head.status !== 200) return await pause(200);
    const offset = Number(head.headers.get("Upload-Offset"));
    const answer = await tus(this.#account, path, {
      method: "PATCH",
      headers: {
        "Upload-Offset": String(offset),
        "Content-Type": "application/offset+octet-stream",
      },
      body: bytes.slice(offset, offset + Math.ceil(bytes.length / PIECES)),
    });
    await answer.body?.cancel();
    if (answer.status !== 204) return await pause(200);
    const id = answer.headers.get("Mysimbdp-File-Id");
    if (id) {
      this.#ids.set(tag, id);
      this.#town.contents.acknowledge(this.tenant, content.sha256);
      this.#uploads.delete(tag);
    }
  }

  async #create({ name, bytes }: Content): Promise<string | null> {
    const metadata = `filename ${btoa(name)}`;
    const headers = { "Upload-Length": String(bytes.length), "Upload-Metadata": metadata };
    const answer = await tus(this.#account, "/v1/uploads", { method: "POST", headers });
    await answer.body?.cancel();
    return answer.status === 201 ? answer.headers.get("Location") : null;
  }
}
