import { UsersFile } from "../../accounts/users.ts";
import { type CheckContext, failed, type Finding } from "./finding.ts";

/** Every account in users.json has a name that a tenant can have. */
// deno-lint-ignore require-await -- a file that cannot be read rejects
export async function checkAccounts({ layout }: CheckContext): Promise<Finding[]> {
  return new UsersFile(layout.users).invalidNames().map((name) =>
    failed(
      "accounts",
      `the account ${JSON.stringify(name)} cannot sign in: a tenant cannot have this name`,
      `Rename the account in ${layout.users}: a-z, 0-9, ".", "-" and "_", at most 63 characters.`,
    )
  );
}
