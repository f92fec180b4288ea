/**
 * Stands for a cell that threw when it was read, which costs that cell alone: it is rejected, with the
 * reason.
 */
export const unreadable: object = Object.freeze({});

/** `values[key]`, or {@link unreadable}. */
export function readAt(values: object, key: string | number): unknown {
  try {
    return (values as Readonly<Record<string | number, unknown>>)[key];
  } catch {
    return unreadable;
  }
}

/** The first `count` values, each read by itself. */
export function readEach(values: object, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => readAt(values, i));
}
