import type { Storage } from "../../src/storage/contract.ts";
import type { Backend } from "./storage_fixtures.ts";
import { ledgerTests } from "./storage_ledger_contract.ts";
import { loadTests } from "./storage_load_contract.ts";
import { lookupTests } from "./storage_lookup_contract.ts";
import { tableTests } from "./storage_table_contract.ts";

/**
 * Registers the tests that every backend must pass.
 * @param name of the backend, for the titles
 */
export function storageContract(
  name: string,
  newBackend: () => Promise<Backend>,
  { ignore = false }: { ignore?: boolean } = {},
): void {
  const test = (what: string, body: (storage: Storage, backend: Backend) => Promise<void>) =>
    Deno.test({ name: `${name}: ${what}`, ignore }, async () => {
      const backend = await newBackend();
      const storage = await backend.open();
      try {
        await body(storage, backend);
      } finally {
        await storage.close();
        await backend.remove();
      }
    });
  ledgerTests(test);
  loadTests(test);
  tableTests(test);
  lookupTests(test);
}
