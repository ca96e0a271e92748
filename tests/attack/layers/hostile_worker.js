// In the place of our own Worker: it has no compartment, and evaluates what it is sent.
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
