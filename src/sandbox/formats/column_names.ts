/** Why a header cannot name the columns of a file. */
interface HeaderFault {
  state: string;
  /** The column at fault, from 1. */
  column: number;
}

/** Finds an empty or repeated column name, which could not be the key of a field; null if none. */
export function columnNameFault(names: readonly string[]): HeaderFault | null {
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    const column = index + 1;
    if (name.trim() === "") return { state: `column ${column} has no name`, column };
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const shown = JSON.stringify(name.slice(0, 200));
      return { state: `columns ${earlier} and ${column} are both named ${shown}`, column };
    }
    seen.set(name, column);
  }
  return null;
}

/**
 * Makes names unique: the second `name` becomes `name_2`, an empty name in column 3 `column_3`. A name
 * that the file itself has elsewhere is never given to another column.
 *
 * @example
 * ```ts
 * uniqueColumnNames(["a", "a", "", "a_2"]); // ["a", "a_3", "column_3", "a_2"]
 * ```
 */
export function uniqueColumnNames(names: readonly string[]): string[] {
  const taken = new Set(names);
  const seen = new Set<string>();
  // The last number given to each name, so that many equal names take linear time.
  const numbers = new Map<string, number>();
  const free = (base: string, first: number): string => {
    let number = numbers.get(base) ?? first;
    while (taken.has(`${base}_${number}`)) number++;
    numbers.set(base, number + 1);
    const name = `${base}_${number}`;
    taken.add(name);
    return name;
  };
  return names.map((name, index) => {
    if (name.trim() === "") {
      const own = `column_${index + 1}`;
      if (taken.has(own)) return free(own, 2);
      taken.add(own);
      return own;
    }
    if (seen.has(name)) return free(name, 2);
    seen.add(name);
    return name;
  });
}

/** A name without case and blanks, for loose matching. */
export function foldedName(name: string): string {
  return name.normalize("NFC").replace(/[\s\u200b]+/g, "").toLowerCase();
}
