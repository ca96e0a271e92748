/** Returns the year of an ISO 8601 date. */
export function asYear(date: string): number {
  return Number(date.slice(0, 4));
}

/** Whether a day can have this minimum and maximum temperature, in °C. */
export function isPlausible(min: number, max: number): boolean {
  return min <= max && min > -90 && max < 60;
}
