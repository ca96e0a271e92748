// Replaces our Worker: it has no compartment and evaluates whatever it receives.
const AsyncFunction = (async () => {}).constructor;

self.onmessage = async ({ data }) => {
  if (data.type !== "describe") return;
  let declaration;
  try {
    declaration = { got: await new AsyncFunction(data.script)() ?? null };
  } catch (thrown) {
    declaration = { refused: `${thrown?.name}: ${thrown?.message}` };
  }
  self.postMessage({ type: "reply", reply: { type: "described", declaration } });
};
self.postMessage({ type: "reply", reply: { type: "ready" } });
