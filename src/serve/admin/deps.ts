import type { Accounts } from "../../accounts/accounts.ts";
import type { AuditLog } from "../../accounts/audit_log.ts";
import type { UsersFile } from "../../accounts/users.ts";
import type { DiskState } from "../../data/disk_state.ts";
import type { Layout } from "../../data/layout.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { ConstraintsOf } from "../api/constraints.ts";
import type { FileWaits } from "../api/file_waits.ts";
import type { ModuleDeps } from "../api/module_views.ts";
import type { LiveEvents } from "../http/live_events.ts";

/** The dependencies of the routes of operators. */
export interface AdminDeps {
  operators: Accounts;
  layout: Layout;
  disk: DiskState;
  ledger: LedgerReader;
  /** Whether the storage can load a file again in the order of arrival. */
  keepsOrder: boolean;
  users: UsersFile;
  audit: AuditLog;
  modules: ModuleDeps;
  waits: FileWaits;
  constraintsOf: ConstraintsOf;
  live: LiveEvents;
  /** Hashes a password outside the main thread. */
  hash: (password: string) => Promise<string>;
  /** Milliseconds since the epoch. */
  now: () => number;
}
