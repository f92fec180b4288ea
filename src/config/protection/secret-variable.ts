import { wrongKind, wrongValue } from "../../base/errors.ts";
import type { Parser } from "../../base/fields.ts";

/**
 * The name of an environment variable that holds a key. Refused unless the variable is set, and not blank:
 * what shall be hashed with it must never be stored otherwise. The message does not show what was given,
 * which may be the key itself.
 */
export const secretVariable: Parser<string> = (value, where) => {
  const expected = "the name of an environment variable that is set, and holds a key";
  if (typeof value !== "string") throw wrongKind(where, expected, value);
  if (!/^[A-Za-z_]\w{0,255}$/.test(value) || secretNamed(value) === undefined)
    throw wrongValue(where, expected, value);
  return value;
};

/** The key in a variable, as it is; undefined if there is none (any more). */
export function secretNamed(name: string): string | undefined {
  const secret = process.env[name];
  return secret === undefined || secret.trim() === "" ? undefined : secret;
}
