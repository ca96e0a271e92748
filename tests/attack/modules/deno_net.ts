import { attack } from "./kit.ts";

export default attack(
  () => Deno.connect({ hostname: "127.0.0.1", port: 80 }),
  () => Deno.listen({ port: 0 }),
  () => fetch("http://127.0.0.1/"),
  () => new WebSocket("ws://127.0.0.1/"),
  () => new EventSource("http://127.0.0.1/"),
  () => new XMLHttpRequest(),
);
