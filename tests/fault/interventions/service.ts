import type { Running } from "../../harness/process.ts";
import { pause, until } from "../../harness/until.ts";

const RESTART_MS = 300;

/** An end that nobody asked for. */
export interface Crash {
  code: number;
  output: string;
}

/** A process that is started again when it ends, as systemd does. */
export class Service {
  readonly name: string;
  /** Ends that no intervention caused directly, without repetitions. */
  readonly crashes: Crash[] = [];
  readonly #start: () => Running;
  #running: Running | null = null;
  #isWanted = false;
  #isKilled = false;
  #closed = false;
  readonly #kept: Promise<void>;

  constructor(name: string, start: () => Running) {
    this.name = name;
    this.#start = start;
    this.#kept = this.#keep();
  }

  get pid(): number | null {
    return this.#running?.hasEnded === false ? this.#running.pid : null;
  }

  /** The last warnings and errors of the present process. */
  get warnings(): string[] {
    const lines = this.#running?.stderr.lines ?? [];
    return lines.filter((line) => !/"level":"(INFO|DEBUG)"/.test(line)).slice(-20);
  }

  up(): void {
    this.#isWanted = true;
  }

  /** Sends a signal; the process is started again unless it is {@link down}. */
  signal(signal: Deno.Signal): void {
    this.#isKilled = true;
    this.#running?.kill(signal);
  }

  /** Ends it until it is wanted {@link up} again. */
  async down(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    this.#isWanted = false;
    this.signal(signal);
    await until(`${this.name} ended`, () => this.#running === null || this.#running.hasEnded);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#kept;
    await this.down("SIGKILL");
  }

  async #keep(): Promise<void> {
    while (!this.#closed) {
      await pause(25);
      if (this.#running !== null && !this.#running.hasEnded) continue;
      if (this.#running !== null && !this.#isKilled) await this.#noteCrash(this.#running);
      if (!this.#isWanted) continue;
      if (this.#running !== null) await pause(RESTART_MS);
      this.#isKilled = false;
      this.#running = this.#isWanted ? this.#start() : null;
    }
  }

  async #noteCrash(running: Running): Promise<void> {
    const { code } = await running.ended();
    const output = running.stderr.text.slice(-1500) || running.stdout.text.slice(-1500);
    if (this.crashes.at(-1)?.output !== output) this.crashes.push({ code, output });
    this.#isKilled = true;
  }
}
