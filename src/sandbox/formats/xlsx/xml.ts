/**
 * A streaming parser for the XML in workbooks. It knows elements, attributes, text and CDATA. There are
 * no entities besides the five of XML: a document type declaration is refused, so nothing expands.
 *
 * @module
 */
import { BAD_BYTES } from "../contract.ts";
import { textDecoder } from "../text/decoder.ts";
import { corrupt, quoted } from "./failures.ts";

/** Receives the parts of a document. Names have no namespace prefix. */
export interface XmlHandler {
  /** @param tag the tag's attributes; valid during the call */
  open(name: string, tag: XmlTag): void;
  close(name: string): void;
  /** The whole text up to the next tag or CDATA section. */
  text?(text: string): void;
}

/** Maximum length of a tag or a text, in characters. A cell in Excel has at most 32,767. */
const MAX_TOKEN_CHARS = 1_048_576;
const MAX_DEPTH = 64;
/** The longest start that tells what a markup is: `<![CDATA[`. */
const LONGEST_START = 9;
const DECLARED_ENCODING = /\sencoding\s*=\s*["']([^"']*)["']/;
const UNICODE = /^(utf-?8|utf-?16(le|be)?|us-ascii)$/i;
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The attributes of a tag. Reading them one after the other copies no text. */
export class XmlTag {
  #text = "";
  #from = 0;
  #to = 0;
  #at = 0;
  #nameStart = 0;
  #nameEnd = 0;
  /** Where the value of the current attribute is in {@link text}. */
  valueStart = 0;
  valueEnd = 0;

  reset(text: string, from: number, to: number): void {
    this.#text = text;
    this.#from = from;
    this.#to = to;
    this.#at = from;
  }

  get text(): string {
    return this.#text;
  }

  /** Goes to the next attribute. @returns false if there is none */
  next(): boolean {
    const text = this.#text;
    const to = this.#to;
    let at = this.#at;
    while (at < to && isSpace(text.charCodeAt(at))) at++;
    this.#nameStart = at;
    for (let code = 0; at < to; at++) {
      code = text.charCodeAt(at);
      if (code === 0x3d /* = */) break;
      // Of a prefixed name, only the local part counts.
      if (code === 0x3a /* : */) this.#nameStart = at + 1;
    }
    this.#nameEnd = at++;
    while (at < to && isSpace(text.charCodeAt(at))) at++;
    const quote = at < to ? text.charCodeAt(at) : 0;
    if (quote !== 0x22 && quote !== 0x27) return this.#end();
    this.valueStart = ++at;
    while (at < to && text.charCodeAt(at) !== quote) at++;
    this.valueEnd = at;
    this.#at = at + 1;
    while (isSpace(text.charCodeAt(this.#nameEnd - 1))) this.#nameEnd--;
    return true;
  }

  /** The code of the current attribute's name if it has one character, otherwise 0. */
  get letter(): number {
    return this.#nameEnd - this.#nameStart === 1 ? this.#text.charCodeAt(this.#nameStart) : 0;
  }

  /** The value of the current attribute. */
  get value(): string {
    const raw = this.#text.slice(this.valueStart, this.valueEnd);
    return raw.includes("&") ? decodedText(raw) ?? raw : raw;
  }

  /** The value of an attribute, by its name without a prefix; null if the tag does not have it. */
  get(name: string): string | null {
    this.#at = this.#from;
    while (this.next()) {
      const isSame = this.#nameEnd - this.#nameStart === name.length &&
        this.#text.startsWith(name, this.#nameStart);
      if (isSame) return this.value;
    }
    return null;
  }

  #end(): boolean {
    this.#at = this.#to;
    return false;
  }
}

/**
 * Parses a part of a workbook.
 *
 * @param part its name, for messages
 * @throws {Failure} `xlsx-corrupt`
 */
export class XmlStream {
  readonly #handler: XmlHandler;
  readonly #part: string;
  readonly #decoder = textDecoder("utf-8");
  readonly #stack: string[] = [];
  readonly #tag = new XmlTag();
  #rest = "";
  #hasRoot = false;

  constructor(part: string, handler: XmlHandler) {
    this.#part = part;
    this.#handler = handler;
  }

  push(bytes: Uint8Array): void {
    this.#parse(this.#decoder.push(bytes));
  }

  end(): void {
    this.#parse(this.#decoder.end());
    if (this.#stack.length > 0 || !this.#hasRoot) this.#fail("it ends early");
    if (this.#rest.trim() !== "") this.#fail("there is text after its end");
  }

  #parse(decoded: string): void {
    if (decoded.includes(BAD_BYTES)) this.#fail("it is not valid Unicode");
    const all = this.#rest + decoded;
    let at = 0;
    for (;;) {
      const start = all.indexOf("<", at);
      if (start < 0) break;
      if (start > at) {
        this.#text(all.slice(at, start));
        at = start;
      }
      const end = this.#markup(all, start);
      if (end < 0) break;
      at = end;
    }
    this.#rest = all.slice(at);
    if (this.#rest.length > MAX_TOKEN_CHARS) this.#fail("a tag or text in it is too long");
  }

  #text(raw: string): void {
    if (this.#stack.length > 0) this.#handler.text?.(this.#decoded(raw));
    else if (raw.trim() !== "") this.#fail("there is text outside its root element");
  }

  #decoded(raw: string): string {
    return decodedText(raw) ?? this.#fail("it has an unknown entity");
  }

  /** @returns the index after the markup, or -1 if it is incomplete */
  #markup(all: string, start: number): number {
    const code = all.charCodeAt(start + 1);
    if (code === 0x2f /* / */) return this.#closeTag(all, start);
    if (code === 0x3f /* ? */) return this.#declaration(all, start);
    if (code === 0x21 /* ! */) return this.#special(all, start);
    return this.#openTag(all, start);
  }

  #openTag(all: string, start: number): number {
    const end = endOfTag(all, start + 1);
    if (end < 0) return -1;
    let nameEnd = start + 1;
    while (nameEnd < end && isNameCharacter(all.charCodeAt(nameEnd))) nameEnd++;
    if (nameEnd === start + 1) this.#fail("it is not well-formed");
    const isEmpty = all.charCodeAt(end - 1) === 0x2f;
    const full = all.slice(start + 1, nameEnd);
    const name = localName(full);
    if (this.#stack.length === 0 && this.#hasRoot) this.#fail("it has two root elements");
    if (this.#stack.length >= MAX_DEPTH) this.#fail("its elements are nested too deeply");
    this.#hasRoot = true;
    if (!isEmpty) this.#stack.push(full);
    this.#tag.reset(all, nameEnd, isEmpty ? end - 1 : end);
    this.#handler.open(name, this.#tag);
    if (isEmpty) this.#handler.close(name);
    return end + 1;
  }

  #closeTag(all: string, start: number): number {
    const end = all.indexOf(">", start);
    if (end < 0) return -1;
    const full = this.#stack.pop();
    if (full === undefined || !isClosing(all, start + 2, end, full)) {
      this.#fail("a closing tag does not match its element");
    }
    this.#handler.close(localName(full));
    return end + 1;
  }

  #declaration(all: string, start: number): number {
    const end = all.indexOf("?>", start);
    if (end < 0) return -1;
    const encoding = DECLARED_ENCODING.exec(all.slice(start, end))?.[1];
    if (all.startsWith("<?xml ", start) && encoding !== undefined && !UNICODE.test(encoding)) {
      this.#fail(`its encoding is ${quoted(encoding)}`);
    }
    return end + 2;
  }

  #special(all: string, start: number): number {
    if (all.startsWith("<!--", start)) {
      const end = all.indexOf("-->", start + 4);
      return end < 0 ? -1 : end + 3;
    }
    if (all.startsWith("<![CDATA[", start)) {
      const end = all.indexOf("]]>", start + LONGEST_START);
      if (end < 0) return -1;
      if (this.#stack.length === 0) this.#fail("there is text outside its root element");
      this.#handler.text?.(withLineFeeds(all.slice(start + LONGEST_START, end)));
      return end + 3;
    }
    if (all.length - start < LONGEST_START) return -1;
    return this.#fail("it has a document type declaration");
  }

  #fail(state: string): never {
    throw corrupt(`its part ${quoted(this.#part)} cannot be parsed: ${state}`);
  }
}

/** Whether the name of a closing tag is that of its element; spaces may follow it. */
function isClosing(all: string, from: number, to: number, name: string): boolean {
  if (!all.startsWith(name, from)) return false;
  const end = from + name.length;
  return end === to || end < to && all.slice(end, to).trim() === "";
}

/** The index of the `>` that ends a tag, or -1. A quoted value may contain others. */
function endOfTag(all: string, from: number): number {
  for (let at = from; at < all.length; at++) {
    const code = all.charCodeAt(at);
    if (code === 0x3e) return at;
    if (code !== 0x22 && code !== 0x27) continue;
    at = all.indexOf(code === 0x22 ? '"' : "'", at + 1);
    if (at < 0) return -1;
  }
  return -1;
}

function localName(name: string): string {
  const colon = name.indexOf(":");
  return colon < 0 ? name : name.slice(colon + 1);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isNameCharacter(code: number): boolean {
  return !isSpace(code) && code !== 0x2f && code !== 0x3e && code !== 0x3c;
}

/** Text with its character references resolved; null if one is unknown. */
function decodedText(raw: string): string | null {
  const text = withLineFeeds(raw);
  if (!text.includes("&")) return text;
  let isKnown = true;
  const decoded = text.replace(/&([^;&]*)(;?)/g, (_all, name: string, semicolon: string) => {
    const character = semicolon === "" ? null : characterOf(name);
    if (character === null) isKnown = false;
    return character ?? "";
  });
  return isKnown ? decoded : null;
}

function characterOf(name: string): string | null {
  if (Object.hasOwn(ENTITIES, name)) return ENTITIES[name]!;
  const [, hex, digits] = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name) ?? [];
  const code = hex === undefined ? Number(digits ?? NaN) : parseInt(hex, 16);
  const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : null;
}

/** XML normalises line ends; a carriage return that is meant is written as a reference. */
function withLineFeeds(text: string): string {
  return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
}
