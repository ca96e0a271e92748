import { checkLimits } from "../harness/limits.ts";
import { Platform } from "../harness/platform.ts";

Deno.test("values at the limits are stored, those beyond are rejects with line and column", async () => {
  await using platform = await Platform.create("[manage]\nscan_seconds = 0.5\n");
  platform.manage();
  await checkLimits(platform, "customer-1");
});
