/** A count as people read it: `9,985`. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** Bytes as people read them: `1.2 MB`, by 1,024. */
export function bytes(value: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let shown = value;
  while (shown >= 1024 && unit < units.length - 1) {
    shown /= 1024;
    unit++;
  }
  return `${unit === 0 ? shown : shown.toFixed(shown < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A stretch of time: `0.31 s`, `4 min`, `2.5 h`, `3 days`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** Records a second; null where it cannot be told. */
export function speed(records: number, seconds: number | null): string | null {
  if (!seconds || records === 0) return null;
  return `${count(Math.round(records / seconds))} rows/s`;
}
