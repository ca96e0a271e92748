/**
 * A peer for uploads: a bare Hono handler that writes the body of a PUT to one file, and nothing
 * else. Argument: the path of the file.
 *
 * @module
 */
import { Hono } from "hono";

const [path = ""] = Deno.args;
const app = new Hono();

app.put("*", async (c) => {
  const file = await Deno.create(path);
  await c.req.raw.body?.pipeTo(file.writable);
  return c.text("ok");
});

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(`http://127.0.0.1:${port}`),
}, app.fetch);
