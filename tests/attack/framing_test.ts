import assert from "node:assert/strict";
import { basic, Customers, PASSWORD } from "./customers.ts";

const CHUNKED = "Transfer-Encoding: chunked";
/** A body in chunks, and a length that ends within it. */
const BODY = "1\r\n{\r\n0\r\n\r\n";

Deno.test("no request is hidden in the body of another", async (t) => {
  await using customers = await Customers.open("", "t1");
  const { hostname, port } = new URL(customers.server.url);
  const own = `Host: x\r\nAuthorization: ${basic("t1", PASSWORD)}`;
  const second = `GET /v1/usage HTTP/1.1\r\n${own}\r\n\r\n`;
  /** Sends bytes on one connection. @returns the answers, once the server has closed it */
  const exchange = async (text: string): Promise<string[]> => {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(new TextEncoder().encode(text));
    const late = setTimeout(() => connection.close(), 5_000);
    let answers = "";
    for await (const part of connection.readable) answers += new TextDecoder().decode(part);
    clearTimeout(late);
    return answers.split(/(?=HTTP\/1\.1 )/).filter((answer) => answer !== "");
  };
  const head = (...lines: string[]) =>
    `POST /v1/batches HTTP/1.1\r\n${own}\r\n${lines.join("\r\n")}\r\n\r\n`;
  // Where the runtime drops Content-Length, the chunks count, and the connection is closed.
  const cases: Record<string, [lines: string[], status: number]> = {
    "Content-Length first": [["Content-Length: 4", CHUNKED], 400],
    "Transfer-Encoding first": [[CHUNKED, "Content-Length: 4"], 201],
    "an encoding before it": [["Transfer-Encoding: gzip, chunked", "Content-Length: 4"], 201],
    "in capitals": [["TRANSFER-ENCODING: CHUNKED", "content-length: 0"], 201],
    "twice": [["Content-Length: 4", CHUNKED, CHUNKED], 400],
    "a space before the colon": [["Transfer-Encoding : chunked", "Content-Length: 4"], 400],
    "an unknown encoding": [["Transfer-Encoding: xchunked", "Content-Length: 4"], 400],
    "two lengths": [["Content-Length: 4", "Content-Length: 11"], 400],
    "a length with a sign": [["Content-Length: +11"], 400],
  };
  for (const [name, [lines, status]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const answers = await exchange(head(...lines) + BODY + second);
      assert.equal(answers.length, 1, answers.join("\n---\n"));
      assert.match(answers[0] ?? "", new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(answers[0] ?? "", /\r\nconnection: close\r\n/i);
    });
  }
  await t.step("in chunks only: answered, and the connection is closed", async () => {
    const answers = await exchange(head(CHUNKED) + "2\r\n{}\r\n0\r\n\r\n" + second);
    assert.equal(answers.length, 1);
    assert.match(answers[0] ?? "", /^HTTP\/1.1 201 [^]*"[0-9a-hjkmnp-tv-z]{26}"\}/);
  });
  await t.step("with a length only: both are answered", async () => {
    const last = second.replace("Host: x", "Host: x\r\nConnection: close");
    const answers = await exchange(`${head("Content-Length: 2")}{}${last}`);
    assert.deepEqual(answers.map((answer) => answer.slice(9, 12)), ["201", "200"]);
  });
});
