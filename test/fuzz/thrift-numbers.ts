/** A number in a Thrift struct that a program will believe. */
export interface NumberPlace {
  readonly kind: "integer" | "length" | "list header";
  readonly start: number;
  readonly end: number;
}

/** The numbers of the struct at `start`, as far as it can be read before `end`. */
export function numbersIn(bytes: Uint8Array, start: number, end: number): NumberPlace[] {
  const places: NumberPlace[] = [];
  walkStruct(bytes, start, end, places);
  return places;
}

/** Where the struct at `start` ends; `end` if it cannot be read. */
export function structEnd(bytes: Uint8Array, start: number, end: number): number {
  return walkStruct(bytes, start, end, []);
}

function walkStruct(bytes: Uint8Array, start: number, end: number, places: NumberPlace[]): number {
  let at = start;
  const byte = (): number => {
    if (at >= end) throw new RangeError("cut");
    return bytes[at++] ?? 0;
  };
  const varint = (kind?: NumberPlace["kind"]): number => {
    const from = at;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const next = byte();
      value += (next & 127) * 2 ** shift;
      if (next < 128) break;
    }
    if (kind !== undefined) places.push({ kind, start: from, end: at });
    return value;
  };
  const value = (type: number, depth: number): void => {
    if (depth > 20) throw new RangeError("deep");
    if (type === 3) byte();
    else if (type === 4 || type === 5 || type === 6) varint("integer");
    else if (type === 7) at += 8;
    else if (type === 8) at += varint("length");
    else if (type === 9) {
      const head = byte();
      places.push({ kind: "list header", start: at - 1, end: at });
      const size = head >> 4 === 15 ? varint("length") : head >> 4;
      for (let i = 0; i < size; i++) {
        if ((head & 15) < 3) byte();
        else value(head & 15, depth + 1);
      }
    } else if (type === 12) struct(depth + 1);
    else if (type > 2) throw new RangeError("type");
  };
  const struct = (depth: number): void => {
    for (;;) {
      const head = byte();
      if ((head & 15) === 0) return;
      if (head >> 4 === 0) varint();
      value(head & 15, depth);
    }
  };
  try {
    struct(0);
    return at;
  } catch {
    return end;
  }
}
