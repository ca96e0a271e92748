import { basename, dirname } from "node:path";
import type { Done, Draws } from "./done.ts";
import * as files from "./file_acts.ts";
import * as platform from "./platform_acts.ts";
import { onePath, type Target } from "./targets.ts";
import type { Town } from "./town.ts";

/** Something that people or machines do. */
interface Intervention {
  kind: string;
  /** What it is done to. */
  target: string;
  /** How often it is drawn, compared with the others. */
  weight: number;
  /** @returns null if there was nothing to do it to */
  run: (town: Town, draws: Draws) => Promise<Done | null>;
}

/** Does something to one path of a kind. */
function onTarget(
  kind: string,
  target: Target,
  weight: number,
  act: (town: Town, path: string, how: number) => Promise<Done | null>,
): Intervention {
  return {
    kind,
    target,
    weight,
    async run(town, { which, how }) {
      const path = await onePath(town, target, which);
      if (path === null) return null;
      try {
        const done = await act(town, path, how);
        return done && { ...done, what: `${done.what} ${target} ${short(path)}` };
      } catch (error) {
        // It has just been moved.
        if (error instanceof Deno.errors.NotFound) return null;
        throw error;
      }
    },
  };
}

function short(path: string): string {
  return `${basename(dirname(path))}/${basename(path)}`;
}

function kill(name: "serve" | "manage", weight: number): Intervention {
  return {
    kind: "kill",
    target: name,
    weight,
    run(town, { how }) {
      const service = town[name];
      if (service.pid === null) return Promise.resolve(null);
      const signal = how < 0.8 ? "SIGKILL" : "SIGTERM";
      service.signal(signal);
      return Promise.resolve({ what: `${signal} to ${name}` });
    },
  };
}

export const INTERVENTIONS: readonly Intervention[] = [
  onTarget("delete", "staged file", 4, files.remove),
  onTarget("delete", "staged record", 2, files.remove),
  onTarget("delete", "upload", 3, files.remove),
  onTarget("delete", "upload record", 2, files.remove),
  onTarget("delete", "archived file", 1, files.remove),
  onTarget("delete", "archived record", 1, files.remove),
  onTarget("delete", "failed file", 1, files.remove),
  onTarget("delete", "failed record", 1, files.remove),
  onTarget("delete", "customer's file", 1, files.removeCustomers),
  onTarget("delete", "staging folder", 1, files.removeFolder),
  onTarget("delete", "archive folder", 1, files.removeFolder),
  onTarget("truncate", "staged file", 3, files.truncate),
  onTarget("truncate", "staged record", 2, files.truncate),
  onTarget("truncate", "upload", 2, files.truncate),
  onTarget("truncate", "upload record", 1, files.truncate),
  onTarget("truncate", "archived file", 1, files.truncate),
  onTarget("truncate", "failed record", 1, files.truncate),
  onTarget("truncate", "customer's file", 3, files.rewrite),
  onTarget("truncate", "constraints", 2, files.breakText),
  onTarget("truncate", "accounts", 1, files.breakText),
  onTarget("touch", "staged file", 2, files.touch),
  onTarget("touch", "upload", 2, files.touch),
  onTarget("touch", "customer's file", 2, files.touch),
  onTarget("chmod", "staged file", 2, files.chmod),
  onTarget("chmod", "staged record", 1, files.chmod),
  onTarget("chmod", "upload", 1, files.chmod),
  onTarget("chmod", "customer's file", 1, files.chmod),
  onTarget("chmod", "staging folder", 1, files.chmod),
  onTarget("chmod", "archive folder", 1, files.chmod),
  onTarget("chmod", "uploads folder", 1, files.chmod),
  onTarget("chmod", "database", 1, files.chmod),
  onTarget("chmod", "accounts", 1, files.chmod),
  onTarget("chmod", "module", 1, files.chmod),
  onTarget("chown", "staged file", 2, files.chown),
  onTarget("chown", "database", 1, files.chown),
  onTarget("chown", "module", 1, files.chown),
  onTarget("chown", "staging folder", 1, files.chown),
  onTarget("chown", "upload record", 1, files.chown),
  onTarget("rename", "staged file", 1, files.renameInPlace),
  onTarget("rename", "staged file", 2, files.moveAway),
  onTarget("rename", "staged record", 1, files.moveAway),
  onTarget("rename", "staging folder", 1, files.moveAway),
  onTarget("rename", "archived file", 1, files.moveAway),
  { kind: "fill", target: "disk", weight: 4, run: platform.fill },
  kill("serve", 4),
  kill("manage", 4),
  { kind: "kill", target: "sandbox", weight: 2, run: platform.killSandbox },
  { kind: "kill", target: "customer's program", weight: 2, run: platform.killCustomer },
  { kind: "restore", target: "backup", weight: 4, run: platform.backUpOrRestore },
  { kind: "move", target: "clock", weight: 3, run: platform.moveClock },
];
