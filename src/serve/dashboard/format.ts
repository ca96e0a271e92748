import { formatNumber } from "../../base/count.ts";

/** Formats a count with thousands separators: `9,985`. */
export function count(value: number): string {
  return formatNumber(value);
}

/** Formats a share as a percentage: `1 %`, `0.25 %`; empty when the whole is 0. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? "" : `${Number((part * 100 / whole).toFixed(2))} %`;
}

/** Formats bytes in units of 1,024: `1.2 MB`. */
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

/** Formats a duration: `0.31 s`, `4 min`, `2.5 h`, `3 days`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${(seconds / 3600).toFixed(1)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** Formats records per second; null while the time is unknown or nothing was read. */
export function speed(records: number, seconds: number | null): string | null {
  if (!seconds || records === 0) return null;
  return `${count(Math.round(records / seconds))} records/s`;
}
