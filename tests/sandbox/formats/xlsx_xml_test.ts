import assert from "node:assert/strict";
import fc from "fast-check";
import { XmlStream } from "../../../src/sandbox/formats/xlsx/xml.ts";
import { cutAt } from "./recording.ts";

type Event = [kind: "open" | "close" | "text", value: string, attributes?: Record<string, string>];

interface Element {
  name: string;
  attributes: [name: string, value: string][];
  children: (Element | string)[];
}

/** Parses pieces of a document. Texts that follow each other are one event. */
function parsed(pieces: readonly Uint8Array[], names: readonly string[]): Event[] | string {
  const events: Event[] = [];
  const xml = new XmlStream("part", {
    open(name, tag) {
      const found = names.flatMap((one) => {
        const value = tag.get(one);
        return value === null ? [] : [[one, value] as const];
      });
      events.push(["open", name, Object.fromEntries(found)]);
    },
    close: (name) => void events.push(["close", name]),
    text(text) {
      const last = events.at(-1);
      if (last?.[0] === "text") last[1] += text;
      else if (text !== "") events.push(["text", text]);
    },
  });
  try {
    for (const piece of pieces) xml.push(piece);
    xml.end();
    return events;
  } catch (error) {
    return (error as Error).message;
  }
}

const NAMES = ["a", "b", "row", "xml-x"];
const characters = fc.constantFrom(..."<>&\"'] \n/=a_é😀x;", "]]>", "\r");
const text = fc.array(characters, { maxLength: 8 }).map((all) => all.join(""));
const { element } = fc.letrec<{ element: Element }>((tie) => ({
  element: fc.record({
    name: fc.constantFrom(...NAMES),
    attributes: fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), text), {
      selector: ([name]) => name,
    }),
    children: fc.oneof(
      { depthSize: "small" },
      fc.constant<(Element | string)[]>([]),
      fc.array(fc.oneof(text, tie("element")), { maxLength: 4 }),
    ),
  }),
}));

/** Writes an element, choosing between equivalent forms with `form`. */
function written(node: Element | string, form: () => number): string {
  if (typeof node === "string") {
    const isCdata = form() % 3 === 0 && !node.includes("]]>") && !node.includes("\r");
    return isCdata ? `<![CDATA[${node}]]>` : referenced(node, form);
  }
  const { name, attributes, children } = node;
  const prefix = form() % 4 === 0 ? "x:" : "";
  const tag = attributes.map(([key, value]) => {
    const quote = form() % 2 === 0 ? '"' : "'";
    const equals = form() % 4 === 0 ? " = " : "=";
    return `${form() % 3 === 0 ? "\n\t" : " "}${key}${equals}${quote}${
      referenced(value, form)
    }${quote}`;
  }).join("");
  const space = form() % 4 === 0 ? " " : "";
  const comment = form() % 5 === 0 ? "<!-- <a> & -->" : "";
  if (children.length === 0 && form() % 2 === 0) return `<${prefix}${name}${tag}${space}/>`;
  const content = children.map((child) => written(child, form)).join("");
  return `<${prefix}${name}${tag}${space}>${comment}${content}</${prefix}${name}${space}>`;
}

/** Writes text with references where they are needed, and sometimes where they are not. */
function referenced(plain: string, form: () => number): string {
  const named: Record<string, string> = { "<": "&lt;", "&": "&amp;", '"': "&quot;", "'": "&apos;" };
  return [...plain].map((character) => {
    const code = character.codePointAt(0)!;
    if (character === "\r" || form() % 6 === 0) return `&#${code};`;
    if (character === ">" && form() % 2 === 0) return `&#x${code.toString(16)};`;
    return named[character] ?? character;
  }).join("");
}

function expected(node: Element | string): Event[] {
  if (typeof node === "string") return node === "" ? [] : [["text", node]];
  const inner = node.children.flatMap(expected).reduce<Event[]>((all, event) => {
    const last = all.at(-1);
    if (event[0] === "text" && last?.[0] === "text") last[1] += event[1];
    else all.push([...event]);
    return all;
  }, []);
  return [["open", node.name, Object.fromEntries(node.attributes)], ...inner, ["close", node.name]];
}

Deno.test("xlsx: the XML parser returns what was written, however it arrives", () => {
  const forms = fc.array(fc.nat(59), { minLength: 30, maxLength: 60 });
  fc.assert(
    fc.property(element, forms, fc.array(fc.nat(2_000), { maxLength: 6 }), (root, form, cuts) => {
      let at = 0;
      const xml = `<?xml version="1.0"?>\n${written(root, () => form[at++ % form.length]!)}\n`;
      const pieces = cutAt(new TextEncoder().encode(xml), cuts);
      const order = (events: Event[]) =>
        events.map((
          [kind, value, attributes],
        ) => [kind, value, Object.entries(attributes ?? {}).sort()]);
      const result = parsed(pieces, NAMES);
      assert.ok(Array.isArray(result), `${result}\n${xml}`);
      assert.deepEqual(order(result), order(expected(root)));
    }),
    { numRuns: 300 },
  );
});

Deno.test("xlsx: a document cut anywhere is refused", () => {
  const xml = new TextEncoder().encode('<a x="1"><b>é&amp;</b><!-- c --><![CDATA[d]]></a>');
  for (let end = 0; end < xml.length; end++) {
    assert.equal(typeof parsed([xml.slice(0, end)], []), "string", String(end));
  }
  assert.ok(Array.isArray(parsed([xml], [])));
});

Deno.test("xlsx: arbitrary bytes never throw anything but a failure", () => {
  const pieces = fc.array(
    fc.constantFrom("<", ">", "/", "a", " ", '"', "&", ";", "!", "-", "?", "="),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(pieces, (all) => {
      const result = parsed([new TextEncoder().encode(`<a>${all.join("")}</a>`)], ["a"]);
      if (typeof result === "string") assert.match(result, /^Cannot read the Excel file: /);
    }),
    { numRuns: 500 },
  );
});
