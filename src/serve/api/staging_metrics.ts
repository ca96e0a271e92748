import { Gauge, type Registry } from "prom-client";
import { diskUse } from "../../base/disk.ts";
import type { Intake } from "../../staging/intake.ts";
import { waitingFiles } from "../../staging/staged.ts";
import type { BoundedLabels } from "../../telemetry/bounded_labels.ts";

/** Where the gauges read their values. */
interface StagingDeps {
  intake: Pick<Intake, "layout" | "disk">;
  now?: () => number;
}

/**
 * Adds gauges of the queue and the free space. They read the disk at each scrape, so they are right
 * even when `manage` is not running.
 */
export function addStagingGauges(
  registry: Registry,
  { intake: { layout, disk }, now = Date.now }: StagingDeps,
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
    collect() {
      const { freeBytes, totalBytes } = diskUse(layout.root);
      this.set(freeBytes);
      size.set(totalBytes);
    },
  });
  new Gauge({
    name: "mysimbdp_disk_full",
    help: "1 while files are refused because a disk of the data directory is full; otherwise 0.",
    registers,
    collect() {
      this.set(disk.shortage() === null ? 0 : 1);
    },
  });
  new Gauge({
    name: "mysimbdp_disk_reserve_bytes",
    help: "Bytes that stay free (disk.reserve_mb); below, files are refused and loads wait.",
    registers,
    collect() {
      this.set(disk.reserveBytes);
    },
  });
}
