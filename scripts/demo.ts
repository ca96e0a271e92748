/**
 * `deno task demo`: two customers send real files, which are loaded into their keyspaces. It uses
 * SQLite and stops when it is done.
 *
 * @module
 */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { processIo } from "../src/cli/terminal/io.ts";
import { printTable } from "../src/cli/terminal/table.ts";
import { findProgram, type Program, ROOT, runProgram, Service } from "./program.ts";

const DEMO = join(ROOT, "demo-data");
const DATA = join(DEMO, "platform");
const SAMPLES = join(ROOT, "node_modules/vega-datasets/data");

/** Each customer's files, and its constraints. */
const CUSTOMERS = [
  {
    name: "customer-1",
    password: "password-1",
    files: ["birdstrikes.csv", "movies.json"],
    constraints: JSON.parse(Deno.readTextFileSync(join(ROOT, "scripts/demo/constraints.json"))),
    query: `SELECT state, count(*) AS strikes, round(avg(speed_knots)) AS mean_speed_knots
      FROM strikes GROUP BY state ORDER BY strikes DESC LIMIT 5`,
  },
  {
    name: "customer-2",
    password: "password-2",
    files: ["seattle-weather.csv", "zipcodes.csv"],
    constraints: { formats: [".csv"], number_files: 10, data_sizes: 1024 },
    query: null,
  },
];

function heading(text: string): void {
  console.log(`\n--- ${text}`);
}

async function mustRun(program: Program, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(program, args);
  if (code !== 0) throw new Error(`mysimbdp ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

async function prepare(program: Program): Promise<void> {
  await Deno.remove(DEMO, { recursive: true }).catch(() => {});
  await mustRun(program, ["manage", "init", "--data", DATA]);
  await Deno.copyFile(join(ROOT, "scripts/demo/users.json"), join(DATA, "users.json"));
  for (const { name, files, constraints } of CUSTOMERS) {
    await Deno.writeTextFile(
      join(DATA, "constraints", `${name}.json`),
      JSON.stringify(constraints),
    );
    console.log(
      await mustRun(program, [
        ...["manage", "tenant", "deploy", name, join(ROOT, "tenants", name), "--data", DATA],
      ]),
    );
    const input = join(DEMO, name, "client-input-dir");
    await Deno.mkdir(input, { recursive: true });
    for (const file of files) await Deno.copyFile(join(SAMPLES, file), join(input, file));
  }
}

async function send(program: Program, server: string): Promise<void> {
  for (const { name, password } of CUSTOMERS) {
    heading(`mysimbdp fetch -u ${name} -p … --wait`);
    const { code, stdout, stderr } = await runProgram(
      program,
      ["fetch", "-u", name, "-p", password, "--server", server, "--wait"],
      { cwd: join(DEMO, name) },
    );
    console.log((stdout + stderr).trim());
    // One file of each customer is refused, so fetch exits with 1.
    if (code !== 1) throw new Error(`fetch of ${name} ended with ${code}, not with 1`);
  }
}

function showRows(): void {
  for (const { name, query } of CUSTOMERS) {
    const db = new DatabaseSync(join(DATA, "db/tenants", `${name}.sqlite`), { readOnly: true });
    const tables = db.prepare("SELECT name FROM _mysimbdp_tables ORDER BY name").all();
    for (const { name: table } of tables) {
      const row = db.prepare(`SELECT count(*) AS rows FROM "${table}"`).get();
      console.log(`keyspace ${name}, table ${table}: ${row?.["rows"]} rows`);
      if (!row?.["rows"]) throw new Error(`no rows in ${table} of ${name}`);
    }
    if (query) {
      console.log(`\n${query.replace(/\s+/g, " ")}`);
      const found = db.prepare(query).all();
      const header = Object.keys(found[0] ?? {});
      const cells = found.map((row) => header.map((name) => String(row[name])));
      printTable(processIo().stdout, header, cells);
    }
    db.close();
  }
}

async function demo(): Promise<void> {
  const program = findProgram();
  console.log(`running ${program.what}`);
  await prepare(program);
  const serve = new Service(program, ["serve", "--data", DATA, "--listen", "127.0.0.1:0"]);
  const manage = new Service(program, ["manage", "--data", DATA]);
  try {
    const ready = await serve.line(/https?:\/\/127\.0\.0\.1:\d+/);
    await send(program, /https?:\/\/127\.0\.0\.1:\d+/.exec(ready)?.[0] ?? "");
    heading("log lines of manage");
    for (const line of manage.lines) if (/Ingestion of the file/.test(line)) console.log(line);
    heading("rows");
    showRows();
  } finally {
    await Promise.all([manage.stop(), serve.stop()]);
  }
  heading("where everything is");
  console.log(`data directory   ${DATA}`);
  console.log(`received files   ${join(DATA, "archive")}`);
  console.log(`rows             ${join(DATA, "db/tenants")}/<customer>.sqlite`);
  console.log(`ledger           ${join(DATA, "db/ledger.sqlite")}`);
  console.log(`customers' files ${DEMO}/<customer>/client-input-dir`);
  console.log(`\n${await mustRun(program, ["manage", "files", "--data", DATA])}`);
}

await demo();
