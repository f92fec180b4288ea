import { wrongKind, wrongValue } from "../base/errors.ts";

/** What {@link isName} takes, as a regular expression. */
export const namePattern = "^(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$";

const pattern = new RegExp(namePattern);
const expected =
  'a name of 1 to 63 letters, digits, ".", "_" or "-" that starts with a letter or digit and has no ".."';

/**
 * The name of an endpoint, a deployment or a collection: `^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$` without `..`.
 * Names are parts of paths, and this keeps a path inside its folder and the same in every store. Throws a
 * `TypeError` or `RangeError` that begins with `where`.
 */
export function parseName(value: unknown, where: string): string {
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  if (!isName(value)) throw wrongValue(where, expected, value);
  return value;
}

/** True for a name as {@link parseName} takes it. */
export function isName(text: string): boolean {
  return pattern.test(text);
}

/**
 * The key under which a collection's settings are kept: `Model_Inputs` and `model_inputs` are one collection.
 */
export function collectionKey(name: string): string {
  return name.toLowerCase();
}
