/**
 * True while arrays keep what is put into them. A host can end that for everybody: with an element or a
 * setter on `Array.prototype` or `Object.prototype`, or another iterator. What is then put together from
 * arrays would lack parts of it, without a sign. Takes a microsecond: ask once in a while.
 */
export function arraysAreSound(): boolean {
  // It is an array itself, longer than its last index, and stays so when that is deleted. Indexes come first
  // among the keys of any object.
  return (
    Array.prototype[Symbol.iterator] === iterator &&
    (Array.prototype.length === 0 || ownKeys(Array.prototype)[0] === firstOfArrays) &&
    ownKeys(Object.prototype)[0] === firstOfObjects
  );
}

/** Why nothing can be stored while they are not. */
export const unsoundArrays =
  "something in this process has changed Array.prototype or Object.prototype so that arrays lose elements";

const { ownKeys } = Reflect;
const iterator = Array.prototype[Symbol.iterator];
const firstOfArrays = ownKeys(Array.prototype)[0];
const firstOfObjects = ownKeys(Object.prototype)[0];
