import { namesALabel, wordsOf } from "../profile/name_hints.ts";
import type { ProposedColumn } from "../proposal.ts";

/** Columns that may identify a record, if no two records have the same values in them. */
export interface KeyCandidate {
  partition: ProposedColumn[];
  clustering: ProposedColumn[];
  /** What the names show, as a part of a sentence. */
  evidence: string;
}

const ID_WORDS = new Set(
  "id uuid guid key pk identifier identification code number no nr num nummer isbn issn ean gtin sku iban imei vin iata icao lei cusip isin"
    .split(" "),
);
/** Numbers of something else than the record, also where they do not repeat. */
const OTHER_THINGS = new Set(
  ("phone telephone tel mobile fax zip postal post country currency area status language house street room seat " +
    "error response version row line rank page").split(" "),
);
/** What series of records are about. */
const ENTITIES = new Set(
  ("station location city site place region country state county province district sensor device meter probe " +
    "machine symbol ticker stock store shop branch warehouse customer client user account member patient employee " +
    "vehicle product item article series channel airport port well plant room node host server code name " +
    "filiale standort ort stadt land kunde artikel produkt maschine")
    .split(" "),
);
const KEY_TYPES = new Set(["int", "bigint", "text", "uuid"]);
const MAX_KEY_CHARS = 100;
const MAX_CANDIDATES = 8;

/**
 * The columns that may be the key by their names and types, the most likely ones first. Names of
 * people, amounts and free text are never among them.
 *
 * @param table the name of the table
 */
export function keyCandidates(columns: readonly ProposedColumn[], table: string): KeyCandidate[] {
  const complete = columns.filter(({ profile, isOptional }) => {
    return !isOptional && profile.blanks === 0 && profile.nulls.size === 0;
  });
  const usable = complete.filter(({ decision, profile }) => {
    return KEY_TYPES.has(decision.type) && !decision.isJson && profile.maxChars <= MAX_KEY_CHARS &&
      profile.phrases * 10 <= profile.texts;
  });
  const things = stems(table);
  const singles = usable.map((column) => ({ column, rank: rankOf(column, things) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .map(({ column, rank }) => ({ rank, candidate: single(column) }));
  const composites = compositesOf(complete);
  const own = singles.filter(({ rank }) => rank > 1).map(({ candidate }) => candidate);
  const others = singles.filter(({ rank }) => rank === 1).map(({ candidate }) => candidate);
  return [...own, ...composites, ...others].slice(0, MAX_CANDIDATES);
}

function single(column: ProposedColumn): KeyCandidate {
  const isNamed = ID_WORDS.has(wordsOf(column.profile.name).at(-1) ?? "");
  const evidence = isNamed ? "its name is that of a key" : "it holds uuids";
  return { partition: [column], clustering: [], evidence };
}

/** 3: its own id; 2: an id of the thing that the file is about; 1: some id; 0: not an id. */
function rankOf(
  { profile: { name }, decision }: ProposedColumn,
  things: ReadonlySet<string>,
): number {
  const words = wordsOf(name);
  const last = words.at(-1) ?? "";
  if (words.includes("of") || !ID_WORDS.has(last) && decision.type !== "uuid") return 0;
  const rest = words.slice(0, -1);
  const isOfFile = rest.some((word) => things.has(stem(word))) || things.has(words.join(""));
  if (isOfFile) return 3;
  if (words.some((word) => OTHER_THINGS.has(word))) return 0;
  const isOwn = rest.length === 0 &&
    !["number", "no", "nr", "num", "code", "nummer"].includes(last);
  if (isOwn) return 3;
  // Ids of stations and customers are those of other tables more often than not.
  return rest.some((word) => ENTITIES.has(word)) ? 1 : 2;
}

/** Pairs such as station and time: what a series is about, and when. */
function compositesOf(complete: readonly ProposedColumn[]): KeyCandidate[] {
  const entities = complete.filter(isEntity);
  const moments = complete.filter(({ decision, profile }) => {
    return decision.type === "timestamp" || decision.type === "date" ||
      decision.type === "int" && wordsOf(profile.name).join(" ") === "year";
  });
  const times = complete.filter(({ decision }) => decision.type === "time");
  const found: KeyCandidate[] = [];
  const add = (partition: ProposedColumn[], clustering: ProposedColumn[]) => {
    const evidence = "their names say what the record is about, and when";
    found.push({ partition, clustering, evidence });
  };
  for (const moment of moments) {
    for (const entity of entities) {
      add([entity], [moment]);
      for (const time of times) if (moment.decision.type === "date") add([entity], [moment, time]);
    }
  }
  for (const moment of moments) {
    for (const [i, first] of entities.entries()) {
      for (const second of entities.slice(i + 1)) add([first], [moment, second]);
    }
  }
  return found;
}

function isEntity({ profile, decision }: ProposedColumn): boolean {
  const words = wordsOf(profile.name);
  const last = words.at(-1) ?? "";
  if (!KEY_TYPES.has(decision.type) || decision.isJson || profile.maxChars > MAX_KEY_CHARS) {
    return false;
  }
  if (last === "name" && words.length > 1 && !ENTITIES.has(words.at(-2) ?? "")) return false;
  const thing = ID_WORDS.has(last) || last === "name" ? words.at(-2) ?? "" : last;
  return ENTITIES.has(thing) && thing !== "name" && thing !== "code" ||
    ["id", "code"].includes(last) && !namesALabel(words.slice(0, -1).join(" "));
}

function stems(name: string): Set<string> {
  return new Set(wordsOf(name).map(stem));
}

/** The singular of an English noun, roughly. */
function stem(word: string): string {
  if (/ies$/.test(word)) return word.replace(/ies$/, "y");
  return word.replace(/(?<=(s|x|z|ch|sh))es$|s$/, "");
}
