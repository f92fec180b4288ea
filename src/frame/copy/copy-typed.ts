import { int64Max, type NumericCells } from "../cell.ts";
import { elementType, fewNumbers, type TypedArray, typedArrayName } from "../typed-array.ts";

/** The constructor of a copy: that of this realm and of no subclass. */
export function plainOf(array: TypedArray): PlainConstructor {
  return plainConstructors.get(typedArrayName(array) as string) ?? Float64Array;
}

/**
 * A copy of the first `length` elements, by {@link plainOf}; as cells where 64 signed bits cannot hold each.
 */
export function copyTyped(
  array: TypedArray,
  Plain: PlainConstructor,
  length: number,
): NumericCells | readonly bigint[] {
  // By name, not by `instanceof`: an array of another realm (a vm context, a test runner's) has constructors
  // of its own.
  const name = typedArrayName(array) as string;
  if (name === "BigUint64Array") return copyUnsigned(array as BigUint64Array, length);
  const data = plainCopy(array as Exclude<TypedArray, BigUint64Array>, Plain, length);
  return { type: elementType(name), data, start: 0, validity: undefined };
}

function plainCopy(
  array: Exclude<TypedArray, BigUint64Array>,
  Plain: PlainConstructor,
  length: number,
): NumericCells["data"] {
  if (length <= fewNumbers && Plain !== (BigInt64Array as unknown)) {
    const copy: number[] = [];
    for (let i = 0; i < length; i++) copy.push(array[i] as number);
    return copy;
  }
  // Not array.slice(), which would ask a subclass for a constructor of its own.
  return new Plain(array as Float64Array & BigInt64Array) as NumericCells["data"];
}

/** Of the typed array that a column is copied into. */
export interface PlainConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (values: Float64Array & BigInt64Array): object;
}

const plainConstructors = new Map<string, PlainConstructor>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
  ].map((Plain) => [Plain.name, Plain as PlainConstructor]),
);

/**
 * Unsigned 64-bit integers: as int64 when all fit, else each by itself, so that those beyond are rejected
 * alone.
 */
function copyUnsigned(array: BigUint64Array, length: number): NumericCells | readonly bigint[] {
  const cells: bigint[] = [];
  let fit = true;
  for (let i = 0; i < length; i++) {
    const value = array[i] as bigint;
    if (value > int64Max) fit = false;
    cells.push(value);
  }
  return fit ? { type: "int64", data: BigInt64Array.from(cells), start: 0, validity: undefined } : cells;
}
