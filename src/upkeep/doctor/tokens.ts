import { validTokens } from "../../accounts/api_tokens.ts";
import { previousPassword } from "../../accounts/credentials.ts";
import { UsersFile } from "../../accounts/users.ts";
import { checkFilesOf } from "./handwritten.ts";
import { type CheckContext, type Finding, list, ok } from "./finding.ts";

/** The files of API tokens have no faults. Old passwords that still work are named. */
export async function checkTokens(context: CheckContext): Promise<Finding[]> {
  const faults = await checkFilesOf("tokens")(context);
  if (faults.some(({ state }) => state === "failed")) return faults;
  const { layout, now } = context;
  const files = [new UsersFile(layout.users), new UsersFile(layout.admins, "operator")];
  let tokens = 0;
  const old: string[] = [];
  for (const users of files) {
    for (const account of users.list()) {
      const credentials = users.credentials(account);
      tokens += validTokens(credentials, now).length;
      const previous = previousPassword(credentials, now);
      if (previous) old.push(`${account.name} until ${previous.until}`);
    }
  }
  const grace = old.length === 0 ? "" : `; old passwords still work: ${list(old)}`;
  return [ok("tokens", `${tokens} valid API tokens${grace}`)];
}
