/**
 * The correlation ids that a file can have: those from `first` to `last`, in the order of their code points.
 * An id of ours (UUIDv7) begins with the time it was made, so files of one process have ranges of their own.
 */
export interface IdRange {
  readonly first: string;
  readonly last: string;
}

/** Of these ids the order of code units, of code points and of bytes is one, also beside any other id. */
const plainId = /^[A-Za-z0-9_-]{1,64}$/;
const between = "..";

/** A range as a text that stands beside an object; undefined for ids that are not plain ASCII. */
export function idRangeText({ first, last }: IdRange): string | undefined {
  return plainId.test(first) && plainId.test(last) ? `${first}${between}${last}` : undefined;
}

/** Reads what {@link idRangeText} wrote; undefined for any other text, and for none. */
export function parseIdRange(text: string | undefined): IdRange | undefined {
  const [first = "", last = "", ...more] = text?.split(between, 3) ?? [];
  return plainId.test(first) && plainId.test(last) && first <= last && more.length === 0
    ? { first, last }
    : undefined;
}

/** The name of the text beside an object. */
export const idRangeName = "ids";
