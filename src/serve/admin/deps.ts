import type { AuditLog } from "../../accounts/audit_log.ts";
import type { UsersFile } from "../../accounts/users.ts";
import type { Layout } from "../../data/layout.ts";
import type { LedgerReader } from "../../storage/contract.ts";
import type { ModuleDeps } from "../api/module.ts";
import type { ConstraintsOf } from "../api/constraints.ts";

/** What the operators' routes work with. */
export interface AdminDeps {
  layout: Layout;
  ledger: LedgerReader;
  users: UsersFile;
  audit: AuditLog;
  modules: ModuleDeps;
  constraintsOf: ConstraintsOf;
  /** Hashes a password off the main thread. */
  hash: (password: string) => Promise<string>;
  /** Milliseconds since the epoch. */
  now: () => number;
}
