import type { Command } from "commander";
import { runServe } from "../../serve/start.ts";
import { action, addCommand, type CommandContext, type CommonFlags, configOf } from "../command.ts";
import { SETTINGS_ENVIRONMENT } from "../help/guide.ts";

interface ServeFlags extends CommonFlags {
  listen?: string;
  tlsCert?: string;
  tlsKey?: string;
}

/** Adds `serve`. */
export function registerServe(program: Command, context: CommandContext): void {
  addCommand(
    program,
    "serve",
    "receive files over HTTP: accounts, constraints, resumable uploads (tus 1.0.0)",
    [
      ["mysimbdp serve", "on http://127.0.0.1:8080"],
      [
        "mysimbdp serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem",
        "over HTTPS, on all addresses",
      ],
    ],
    SETTINGS_ENVIRONMENT,
  )
    .option("--listen <host:port>", "address to listen on (default: 127.0.0.1:8080)")
    .option("--tls-cert <file>", "certificate chain, PEM")
    .option("--tls-key <file>", "private key of the certificate, PEM")
    .action(action<ServeFlags>(context, (flags) => serve(context, flags)));
}

async function serve({ io }: CommandContext, flags: ServeFlags): Promise<number> {
  await runServe({
    loadConfig: () =>
      configOf(flags, {
        "server.listen": flags.listen,
        "server.tls_cert": flags.tlsCert,
        "server.tls_key": flags.tlsKey,
      }),
    configPath: flags.config ?? null,
    onListening: (url) => {
      if (!flags.quiet) io.stdout.write(`listening on ${url}\n`);
    },
  });
  return 0;
}
