import type { Backend, Register } from "./storage_fixtures.ts";
import { ledgerTests } from "./storage_ledger_contract.ts";
import { loadTests } from "./storage_load_contract.ts";
import { lookupTests } from "./storage_lookup_contract.ts";
import { tableTests } from "./storage_table_contract.ts";
import { versionTests } from "./storage_versions_contract.ts";
import { versionProperty } from "./storage_versions_property.ts";

interface ContractOptions {
  /** The engine cannot run here. */
  ignore?: boolean;
  /** Whether the engine replaces the rows of a file's earlier versions. */
  versions?: boolean;
}

/**
 * Registers the tests that every backend must pass.
 * @param name of the backend, for the titles
 */
export function storageContract(
  name: string,
  newBackend: () => Promise<Backend>,
  { ignore = false, versions = true }: ContractOptions = {},
): void {
  const registering = (ignore: boolean): Register => (what, body) =>
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
  const test = registering(ignore);
  ledgerTests(test);
  loadTests(test);
  tableTests(test);
  lookupTests(test);
  const versionTest = registering(ignore || !versions);
  versionTests(versionTest);
  versionProperty(versionTest);
}
