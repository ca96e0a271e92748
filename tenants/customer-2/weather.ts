/** The year of an ISO 8601 date. */
export function asYear(date: string): number {
  return Number(date.slice(0, 4));
}

/** Whether a day's lowest and highest temperature, in °C, can be true together. */
export function isPlausible(min: number, max: number): boolean {
  return min <= max && min > -90 && max < 60;
}
