import { types } from "node:util";
import { isError } from "../../base/errors.ts";

/**
 * What an object stands for: a boxed primitive for what is in it, a RegExp for its text, one with a `toJSON`
 * (a URL, a Temporal, a decimal) for what that gives, an error for its name, message, cause and own
 * properties; any other for itself. Runs the caller's code, and throws what that throws.
 */
export function plainValue(value: object, key = ""): unknown {
  const literal = isLiteral(value);
  if (!literal && types.isBoxedPrimitive(value)) return unboxed(value);
  if (!literal && types.isRegExp(value)) return RegExp.prototype.toString.call(value);
  const toJson: unknown = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJson === "function") return Reflect.apply(toJson, value, [key]) as unknown;
  return !literal && isError(value) ? errorFields(value) : value;
}

/** True for an object literal, which needs no look at what else it could be. */
export function isLiteral(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** By the engine's own methods, which work on those of every realm, whatever `valueOf` a subclass has. */
function unboxed(value: object): unknown {
  if (types.isNumberObject(value)) return Number.prototype.valueOf.call(value);
  if (types.isStringObject(value)) return String.prototype.valueOf.call(value);
  if (types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value);
  if (types.isBigIntObject(value)) return BigInt.prototype.valueOf.call(value);
  return Symbol.prototype.valueOf.call(value as unknown as symbol);
}

/**
 * An error's fields, of which `JSON.stringify` leaves out the ones that matter. Not the stack, which is long
 * and full of paths.
 */
function errorFields(error: Error): object {
  const { name, message, cause, errors } = error as Error & { errors?: unknown };
  return {
    name,
    message,
    ...(cause === undefined ? {} : { cause }),
    ...(errors === undefined ? {} : { errors }),
    ...(error as object),
  };
}
