import { conflictTests } from "./storage_conflict_contract.ts";
import type { Backend, Register } from "./storage_fixtures.ts";
import { ledgerTests } from "./storage_ledger_contract.ts";
import { loadTests } from "./storage_load_contract.ts";
import { lookupTests } from "./storage_lookup_contract.ts";
import { tableTests } from "./storage_table_contract.ts";
import { versionTests } from "./storage_versions_contract.ts";
import { type Model, versionProperty } from "./storage_versions_property.ts";

interface ContractOptions {
  /** The engine cannot run here. */
  ignore?: boolean;
  /** For the property of versions, if the engine does not keep the rows that were committed last. */
  newModel?: () => Model;
}

/**
 * Registers the tests that every backend must pass.
 * @param name of the backend, for the titles
 */
export function storageContract(
  name: string,
  newBackend: () => Promise<Backend>,
  { ignore = false, newModel }: ContractOptions = {},
): void {
  const test: Register = (what, body) =>
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
  conflictTests(test);
  lookupTests(test);
  versionTests(test);
  versionProperty(test, newModel);
}
