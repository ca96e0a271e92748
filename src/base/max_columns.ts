/** Maximum number of columns of a table: what both engines can store. */
export const MAX_COLUMNS = 1_000;
