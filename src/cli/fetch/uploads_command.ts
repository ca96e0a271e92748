import type { Command } from "commander";
import { formatNumber } from "../../base/count.ts";
import { Failure } from "../../base/failure.ts";
import type { UploadView } from "../../protocol/file_view.ts";
import { action, type CommandContext, printEntries } from "../command.ts";
import { EXIT } from "../exit_codes.ts";
import { withGuide } from "../help/guide.ts";
import { type FetchFlags, withAccount, withClient } from "./options.ts";

interface UploadsFlags extends FetchFlags {
  all?: boolean;
}

/** Adds `fetch uploads …`: the account's unfinished uploads, which hold places of `number_files`. */
export function registerFetchUploads(fetch: Command, context: CommandContext): void {
  const uploads = fetch.command("uploads").description("list or discard your unfinished uploads");
  const examples = {
    list: ["mysimbdp fetch uploads list -u customer-1", "show what holds the places"],
    one: ["mysimbdp fetch uploads discard -u customer-1 UPLOAD-ID", "discard one"],
    all: ["mysimbdp fetch uploads discard -u customer-1 --all", "discard all"],
  } satisfies Record<string, [string, string]>;
  withGuide(uploads, { examples: Object.values(examples) });
  const command = (usage: string, what: string) =>
    withAccount(
      uploads.command(usage).description(what)
        .option("--config <file>", "configuration file; server.url is used")
        .option("--json", "print JSON, one object per line")
        .option("-v, --verbose", "print more details"),
    );
  withGuide(command("list", "show your unfinished uploads, oldest first"), {
    examples: [examples.list],
  }).action(action<UploadsFlags>(context, (flags) => list(context, flags)));
  withGuide(
    command("discard [ID...]", "delete unfinished uploads; their bytes are lost")
      .option("--all", "delete all unfinished uploads that are not receiving bytes"),
    { examples: [examples.one, examples.all] },
  ).action(action<UploadsFlags>(context, (flags, ...ids) => discard(context, flags, ids)));
}

const HEADER = ["ID", "NAME", "RECEIVED", "OF BYTES", "BEGUN", "EXPIRES"];

function list(context: CommandContext, flags: UploadsFlags): Promise<number> {
  return withClient(context, flags, async (client, signal) => {
    return printEntries(context.io, flags, await client.uploads(signal), HEADER, rowOf);
  });
}

function rowOf(upload: UploadView): string[] {
  const { id, name, offset, length, createdAt, expiresAt } = upload;
  return [id, name, formatNumber(offset), formatNumber(length), createdAt, expiresAt];
}

function discard(context: CommandContext, flags: UploadsFlags, ids: string[]): Promise<number> {
  if ((flags.all ?? false) === ids.length > 0) {
    throw new Failure(
      "usage",
      "no-uploads",
      "Cannot discard uploads: name their ids, or use --all",
      {
        hint: "Run mysimbdp fetch uploads list to see them.",
      },
    );
  }
  const { io } = context;
  return withClient(context, flags, async (client, signal) => {
    const wanted = flags.all ? (await client.uploads(signal)).map(({ id }) => id) : ids;
    let kept = 0;
    for (const id of wanted) {
      const failure = await client.discardUpload(id, signal);
      if (failure) kept++;
      if (flags.json) {
        const { code = null, message = null } = failure ?? {};
        io.stdout.write(`${JSON.stringify({ id, discarded: failure === null, code, message })}\n`);
      } else if (failure) io.stderr.write(`${id}: ${failure.message}\n`);
      else io.stdout.write(`${id}: discarded\n`);
    }
    return kept > 0 ? EXIT.incomplete : EXIT.done;
  });
}
