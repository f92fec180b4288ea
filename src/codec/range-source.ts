/** Port: the bytes of one stored object, some at a time. */
export interface RangeSource {
  /** Bytes of the object. */
  readonly size: number;
  /** The bytes from `start` to before `end`, exactly so many. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** A source of bytes that are in memory. */
export function memorySource(bytes: Uint8Array): RangeSource {
  return { size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}
