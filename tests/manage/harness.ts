import type { Layout } from "../../src/data/layout.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/storage.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { withLayout } from "../staging/harness.ts";

/** Runs a test with a prepared data directory and its storage. */
export function withStorage(
  test: (layout: Layout, storage: Storage) => Promise<void>,
): Promise<void> {
  return withLayout(async (layout) => {
    const storage = openSqliteStorage(layout.root);
    try {
      await test(layout, storage);
    } finally {
      await storage.close();
    }
  });
}
