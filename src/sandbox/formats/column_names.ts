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
