import { UsersFile } from "../../accounts/users.ts";
import { checkFilesOf } from "./handwritten.ts";
import { type CheckContext, failed, type Finding } from "./finding.ts";

/** The accounts have no faults, and every account in users.json has a name that a tenant can have. */
export async function checkAccounts(context: CheckContext): Promise<Finding[]> {
  const { layout } = context;
  const faults = await checkFilesOf("accounts")(context);
  if (faults.some(({ state }) => state === "failed")) return faults;
  return new UsersFile(layout.users).invalidNames().map((name) =>
    failed(
      "accounts",
      `the account ${JSON.stringify(name)} cannot sign in: a tenant cannot have this name`,
      `Rename the account in ${layout.users}: a-z, 0-9, ".", "-" and "_", at most 63 characters.`,
    )
  );
}
