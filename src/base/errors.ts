import { types } from "node:util";
/**
 * The product's errors.
 *
 * Misuse (a wrong option, name or schema) throws a plain `TypeError` (wrong kind of value) or `RangeError`
 * (right kind, outside what is allowed) whose message says where, what was expected and what came.
 * Everything that happens at run time and is nobody's bug is a {@link CollectorError} with a stable `code`.
 */

/** Stable codes of {@link CollectorError}. Switch on these, never on messages. */
export type CollectorErrorCode =
  /** A frame was not stored; `info.reason` says why. */
  | "FRAME_DROPPED"
  /** What was passed to `collect` as a context is none; a new one was used. */
  | "INVALID_CONTEXT"
  /** Some cells did not fit their column's pinned type; they are kept in `mdc_rejected`. */
  | "VALUES_REJECTED"
  /** A hint, once per collection: columns are stored in a type that a reader of the format may not expect. */
  | "TYPE_HINT"
  /** Delivery to the destination failed and is being retried. */
  | "DELIVERY_DELAYED"
  /** Delivery can not succeed until somebody changes a setting, a permission or a clock; data is kept. */
  | "DELIVERY_BLOCKED"
  /** A segment was set aside in quarantine. */
  | "QUARANTINED"
  /** The spool could not be written. */
  | "SPOOL_FAILED"
  /** The background thread died or could not start. */
  | "BACKGROUND_FAILED"
  /** A file or record did not have the expected bytes. */
  | "CORRUPT"
  /** The configuration file changed to something that cannot be used; the configuration of before holds. */
  | "CONFIG_REFUSED"
  /** A deadline passed. */
  | "TIMEOUT"
  /** The deployment is closed. */
  | "CLOSED";

const brand = Symbol.for("model-data-collector.error");

/** What goes wrong at run time. `code` is stable; `cause` is what was underneath, stripped of secrets. */
export class CollectorError extends Error {
  override readonly name: string = "CollectorError";
  /** Stable code: see {@link CollectorErrorCode}. */
  readonly code: CollectorErrorCode;

  /** @internal */
  constructor(code: CollectorErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, brand, { value: true });
  }

  /** True for errors of this package, also of another copy of it in the same process. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** A `TypeError` that says where, what was expected and what came. */
export function wrongKind(where: string, expected: string, got: unknown): TypeError {
  return withCode(new TypeError(`${where}: expected ${expected}, got ${describe(got)}`));
}

/** A `RangeError` that says where, what was expected and what came. */
export function wrongValue(where: string, expected: string, got: unknown): RangeError {
  return withCode(new RangeError(`${where}: expected ${expected}, got ${describe(got)}`));
}

function withCode<E extends Error>(error: E): E {
  return Object.assign(error, { code: "INVALID_ARGUMENT" });
}

/**
 * A short text for a value in a message. Strings are quoted and cut at 60 characters; objects and functions show
 * only their kind, so that no message ever carries data or a secret held in an option object.
 */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
    case "number":
    case "boolean":
    case "undefined":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "symbol":
      return "a symbol";
    case "function":
      return "a function";
    default:
      if (value === null) return "null";
      if (Array.isArray(value)) return `an array of ${value.length}`;
      return `an object (${constructorName(value as object)})`;
  }
}

function constructorName(value: object): string {
  try {
    return String((value as { constructor?: { name?: unknown } }).constructor?.name ?? "no prototype");
  } catch {
    return "unknown";
  }
}

/** True for an error of any realm: a vm context, and some test runners, have an `Error` of their own. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** Any thrown value as an `Error`. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new Error(`thrown: ${describe(thrown)}`);
}
