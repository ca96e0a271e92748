const NUMBER = new Intl.NumberFormat("en-US");

/** Formats a count with its noun: `1 row`, `9,985 rows`. */
export function formatCount(count: number, noun: string): string {
  return `${NUMBER.format(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats a number: `9,985`. */
export function formatNumber(value: number): string {
  return NUMBER.format(value);
}

/** Formats bytes for operators: `0.4 MiB`, `1,204 MiB`. */
export function formatMib(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return `${NUMBER.format(mib < 100 ? Number(mib.toFixed(1)) : Math.round(mib))} MiB`;
}
