/** Port: the bytes of one stored object, some at a time. */
export interface RangeSource {
  /** Bytes of the object. */
  readonly size: number;
  /** The bytes from `start` to before `end`, exactly so many. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** The same bytes if they are in memory, else undefined: to wait for each small part takes its time. */
  readNow?(start: number, end: number): Uint8Array | undefined;
}

/** A source of bytes that are in memory. */
export function memorySource(bytes: Uint8Array): RangeSource {
  const readNow = (start: number, end: number): Uint8Array => bytes.subarray(start, end);
  return { size: bytes.length, read: async (start, end) => readNow(start, end), readNow };
}
