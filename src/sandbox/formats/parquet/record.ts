import type { SchemaTree } from "hyparquet";
import type { Leaf } from "./leaf.ts";

/** Takes the next value of a column, assembled from its leaves. */
export type TakeValue = () => unknown;

/** A column's part: how to take its next value, and its leaves. */
interface Part {
  take: TakeValue;
  leaves: Leaf[];
}

/** Levels of a part's parents. */
interface Levels {
  definition: number;
  repetition: number;
}

/**
 * Assembles a column: lists become arrays, structs and maps objects. The text of a map's key is the
 * member's name; of equal keys, the last one counts, as Parquet says.
 *
 * @param nextLeaf returns the column's leaves in the order of the schema
 */
export function valueTaker(column: SchemaTree, nextLeaf: (path: SchemaTree) => Leaf): TakeValue {
  return partOf(column, { definition: 0, repetition: 0 }, nextLeaf).take;
}

function partOf(node: SchemaTree, above: Levels, nextLeaf: (path: SchemaTree) => Leaf): Part {
  const { repetition_type: kind } = node.element;
  const definition = above.definition + (kind === "REQUIRED" ? 0 : 1);
  const repetition = above.repetition + (kind === "REPEATED" ? 1 : 0);
  const levels = { definition, repetition };
  if (node.element.type !== undefined) {
    const leaf = nextLeaf(node);
    const one = { take: () => leaf.take(), leaves: [leaf] };
    return kind === "REPEATED" ? repeated(one, levels) : one;
  }
  const group = groupOf(node, levels, nextLeaf);
  if (kind === "REPEATED") return repeated(group, levels);
  return kind === "OPTIONAL" ? optional(group, definition) : group;
}

function groupOf(node: SchemaTree, levels: Levels, nextLeaf: (path: SchemaTree) => Leaf): Part {
  const parts = node.children.map((child) => partOf(child, levels, nextLeaf));
  const leaves = parts.flatMap((part) => part.leaves);
  if (leaves.length === 0) throw new Error(`the group "${node.path.join(".")}" has no columns`);
  const members = parts.map(({ take }, at) => [node.children[at]!.element.name, take] as const);
  const struct = () => Object.fromEntries(members.map(([name, take]) => [name, take()]));
  if (isList(node)) return { take: listTaker(node, parts[0]!), leaves };
  if (isMap(node)) return { take: mapTaker(node, parts[0]!), leaves };
  return { take: struct, leaves };
}

function optional({ take, leaves }: Part, definition: number): Part {
  const [first] = leaves as [Leaf];
  const takeOrNull = () => {
    if (first.definition >= definition) return take();
    for (const leaf of leaves) leaf.take();
    return null;
  };
  return { take: takeOrNull, leaves };
}

function repeated({ take, leaves }: Part, { definition, repetition }: Levels): Part {
  const [first] = leaves as [Leaf];
  const takeAll = () => {
    const items: unknown[] = [];
    if (first.definition < definition) {
      for (const leaf of leaves) leaf.take();
      return items;
    }
    do items.push(take()); while (first.repetition === repetition);
    return items;
  };
  return { take: takeAll, leaves };
}

function isList({ element, children }: SchemaTree): boolean {
  const isMarked = element.logical_type?.type === "LIST" || element.converted_type === "LIST";
  return isMarked && children.length === 1 && isRepeated(children[0]!);
}

function isMap({ element, children }: SchemaTree): boolean {
  const { logical_type: logical, converted_type: converted } = element;
  const isMarked = logical?.type === "MAP" || converted === "MAP" || converted === "MAP_KEY_VALUE";
  if (!isMarked || children.length !== 1) return false;
  const [entry] = children as [SchemaTree];
  return isRepeated(entry) && (entry.children.length === 1 || entry.children.length === 2);
}

function isRepeated({ element }: SchemaTree): boolean {
  return element.repetition_type === "REPEATED";
}

/** A list's items, without the group that Parquet puts around each; old writers have no such group. */
function listTaker(list: SchemaTree, items: Part): TakeValue {
  const [group] = list.children as [SchemaTree];
  const { name } = group.element;
  const [item] = group.children;
  const isItem = group.children.length !== 1 || name === "array" ||
    name === `${list.element.name}_tuple` || isRepeated(item!);
  if (isItem) return items.take;
  const member = item!.element.name;
  return () => (items.take() as Record<string, unknown>[]).map((group) => group[member]);
}

function mapTaker(map: SchemaTree, entries: Part): TakeValue {
  const [keyNode, valueNode] = map.children[0]!.children as [SchemaTree, SchemaTree?];
  if (keyNode.children.length > 0) throw new Error("a map has lists or structs as keys");
  const key = keyNode.element.name;
  const value = valueNode?.element.name;
  return () =>
    Object.fromEntries(
      (entries.take() as Record<string, unknown>[]).map((entry) => [
        keyText(entry[key]),
        value === undefined ? null : entry[value],
      ]),
    );
}

function keyText(key: unknown): string {
  if (key instanceof Date) return key.toISOString().replace("T00:00:00.000Z", "");
  if (key instanceof Uint8Array) return `0x${key.toHex()}`;
  return String(key);
}
