import type { ModuleFiles } from "./modules.ts";

/** A module with one row for each article. @param rejects the file whose records it rejects */
export function stock({ versions = "add", rejects = "" } = {}): ModuleFiles {
  return {
    "tenant.json": JSON.stringify({
      entry: "ingest.ts",
      permissions: { write: ["stock"], read: [], net: [] },
    }),
    "ingest.ts": `import { csv, defineIngest } from "mysimbdp";
export default defineIngest({
  files: "*.csv",
  format: csv({ header: true }),
  versions: ${JSON.stringify(versions)},
  tables: {
    stock: { columns: { sku: "text", name: "text", amount: "int" }, partitionKey: ["sku"] },
  },
  row({ sku, name, amount }, ctx) {
    if (ctx.fileName === ${JSON.stringify(rejects)}) return ctx.reject("not yet");
    return { stock: { sku, name, amount: Number(amount) } };
  },
});`,
  };
}

/** A file of articles with these keys; the name says from which file a row is. */
export function articles(from: string, keys: readonly string[]): string {
  return `sku,name,amount\n${keys.map((key) => `${key},${from},1\n`).join("")}`;
}
