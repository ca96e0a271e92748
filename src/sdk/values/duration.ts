const ISO_DURATION =
  /^-?P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/;
const CQL_DURATION =
  /^-?(?=\d)(\d+y)?(\d+mo)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?(\d+(us|µs))?(\d+ns)?$/i;

/** The unchanged text of a duration, if it has one of the two forms of CQL; otherwise null. */
export function durationText(text: string): string | null {
  return ISO_DURATION.test(text) || CQL_DURATION.test(text) ? text : null;
}
