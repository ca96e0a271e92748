import { Gauge, type Registry } from "prom-client";
import { diskUse } from "../../data/free_space.ts";
import type { Layout } from "../../data/layout.ts";
import { waitingFiles } from "../../staging/staged.ts";
import type { BoundedLabels } from "../../telemetry/bounded_labels.ts";

/** Where the gauges read their values. */
interface StagingDeps {
  intake: { layout: Layout };
  now?: () => number;
}

/**
 * Adds gauges of the queue and the free space. They read the disk at each scrape, so they are right
 * even when `manage` is not running.
 */
export function addStagingGauges(
  registry: Registry,
  { intake: { layout }, now = Date.now }: StagingDeps,
  tenants: BoundedLabels,
): void {
  const registers = [registry];
  const oldest = new Gauge({
    name: "mysimbdp_ingest_oldest_file_age_seconds",
    help: "Seconds since the oldest waiting or running file arrived; 0 without one.",
    labelNames: ["tenant"],
    registers,
  });
  new Gauge({
    name: "mysimbdp_ingest_queue_files",
    help: "Files in staging: received, queued or running.",
    labelNames: ["tenant"],
    registers,
    async collect() {
      this.reset();
      oldest.reset();
      for (const [tenant, { files, oldestAt }] of await waitingFiles(layout)) {
        const label = { tenant: tenants.of(tenant) };
        const age = oldestAt === null ? 0 : Math.max(0, (now() - oldestAt) / 1000);
        this.inc(label, files);
        const known = (await oldest.get()).values.find(({ labels }) =>
          labels.tenant === label.tenant
        );
        oldest.set(label, Math.max(age, known?.value ?? 0));
      }
    },
  });
  const size = new Gauge({
    name: "mysimbdp_staging_size_bytes",
    help: "Size of the file system of the data directory.",
    registers,
  });
  new Gauge({
    name: "mysimbdp_staging_free_bytes",
    help: "Free bytes in the file system of the data directory.",
    registers,
    async collect() {
      const { freeBytes, totalBytes } = await diskUse(layout.root);
      this.set(freeBytes);
      size.set(totalBytes);
    },
  });
}
