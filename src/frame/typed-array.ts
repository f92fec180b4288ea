import { types } from "node:util";

/** A typed array of any kind. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** `Int8Array`, …, or undefined: by the engine's own tag, which nobody can fake and every realm shares. */
export function typedArrayName(value: unknown): string | undefined {
  return tagOf.call(value);
}

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as (this: unknown) => string | undefined;

/** True for typed arrays; a DataView is none. */
export function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && typedArrayName(value) !== undefined;
}

/**
 * The bytes of what is bytes and no list of numbers: a buffer, a DataView, a Uint8Array of whatever realm;
 * undefined for anything else.
 */
export function bytesOf(value: object): Uint8Array | undefined {
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value);
  if (!types.isUint8Array(value) && !types.isDataView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The column type of a typed array's elements. */
export function elementType(name: string): "float64" | "int64" {
  return name.startsWith("Float") ? "float64" : "int64";
}

/** Up to so many numbers, an array is much cheaper to make than a typed array. */
export const fewNumbers = 32;

/** How many elements there are: by the engine's own getter, which no subclass can answer for. */
export function typedLength(array: TypedArray): number {
  return lengthOf.call(array);
}

const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "length")
  ?.get as (this: TypedArray) => number;

/** True when the array's buffer was transferred away, so that its elements are gone. */
export function isDetached(array: TypedArray): boolean {
  return typedLength(array) === 0 && (array.buffer as { detached?: boolean }).detached === true;
}
