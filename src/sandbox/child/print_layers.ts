import { KernelLayers } from "../kernel/kernel_layers.ts";

/** So high that it limits nothing. */
const ANY_DATA_BYTES = 2 ** 46;

/** Sets the layers of a sandbox on this process and prints those that work here, as JSON. */
export function printLayers(): void {
  const kernel = KernelLayers.open();
  kernel.beforeWorker();
  console.log(JSON.stringify(kernel.afterWorker(ANY_DATA_BYTES)));
}
