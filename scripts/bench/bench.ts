import { join } from "node:path";
import { type Program, ROOT } from "../program.ts";
import { endAll, output } from "./processes.ts";

/** The sizes of the measures. */
export interface Sizes {
  /** How often each side is measured. */
  rounds: number;
  /** Rows of the ingested file. */
  rows: number;
  /** Size of the large files, in MB of 1,000,000 bytes. */
  megabytes: number;
}

/** The environment of every measure. */
export interface Bench extends Sizes, AsyncDisposable {
  /** The path of the measured binary. */
  program: Program;
  /** A folder for work files, on the file system of the repository; removed at the end. */
  folder: string;
  /** A description of the machine. */
  machine: Record<string, string | number>;
  /** Prints progress to standard error; standard output has the results. */
  say(text: string): void;
}

/** Creates the folder; it is removed, and every process ended, however the run ends. */
export async function makeBench(program: Program, sizes: Sizes): Promise<Bench> {
  const folder = join(ROOT, ".cache", "bench", String(Deno.pid));
  await Deno.mkdir(folder, { recursive: true });
  const clear = () => {
    endAll();
    Deno.removeSync(folder, { recursive: true });
  };
  const interrupted = () => {
    clear();
    Deno.exit(130);
  };
  Deno.addSignalListener("SIGINT", interrupted);
  Deno.addSignalListener("SIGTERM", interrupted);
  return {
    ...sizes,
    program,
    folder,
    machine: {
      cores: navigator.hardwareConcurrency,
      load: Deno.loadavg()[0]!,
      program: (await output(program, ["--version"])).trim(),
      deno: Deno.version.deno,
    },
    say: (text) => console.error(text),
    [Symbol.asyncDispose]() {
      Deno.removeSignalListener("SIGINT", interrupted);
      Deno.removeSignalListener("SIGTERM", interrupted);
      clear();
      return Promise.resolve();
    },
  };
}
