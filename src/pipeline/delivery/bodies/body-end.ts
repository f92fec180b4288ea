/*
 * How a body is in the spool: a segment of its own, under a label that names it. Its records are the pieces
 * of the body, as they came, each with its bytes as its count; and a last one that counts none and says what
 * all of it is. A body without that one was given up, or its process has died: nothing refers to it.
 */

/** What the last record of a body says. */
export interface BodyEnd {
  /** Bytes of all pieces. */
  readonly size: number;
  /** SHA-256 of them, 64 hex digits. */
  readonly sha256: string;
}

/** Instead of an end: the body is given up, and what there is of it goes. */
export const bodyGivenUp: Uint8Array = new Uint8Array(0);

/** The bytes of an end. */
export function writeBodyEnd({ size, sha256 }: BodyEnd): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ size, sha256 }));
}

/** Reads them; undefined for any others. */
export function readBodyEnd(bytes: Uint8Array): BodyEnd | undefined {
  try {
    const { size, sha256 } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<BodyEnd>;
    return typeof size === "number" && typeof sha256 === "string" ? { size, sha256 } : undefined;
  } catch {
    return undefined;
  }
}
