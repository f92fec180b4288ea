import { types } from "node:util";
import { countOf } from "./plural.ts";
/**
 * The product's errors, and the one rule of what their messages show, wherever they go (`onError`, warnings,
 * `status()`, events, notes beside quarantined segments, the terminal): never a text that somebody gave, be
 * it data, an option or a line of a file, for it may be a secret or a person's. Shown are what it is and how
 * long ({@link kindOf}), where it stood, and names: of columns, options, collections. Of options, which are
 * no data, numbers and booleans are shown too ({@link describe}). Of an error that is not ours only its kind
 * ({@link messageOf}): its text may quote what it choked on.
 *
 * Misuse (a wrong option, name or schema) throws a plain `TypeError` (wrong kind of value) or `RangeError`
 * (right kind, outside what is allowed) whose message says where, what was expected and what came.
 * Everything that happens at run time and is nobody's bug is a {@link CollectorError} with a stable `code`.
 */

/** Stable codes of {@link CollectorError}. Switch on these, never on messages. */
export type CollectorErrorCode =
  /** A frame was not stored; `info.reason` says why. */
  | "FRAME_DROPPED"
  /** What was passed to `collect` as a context is none; another one is used. */
  | "INVALID_CONTEXT"
  /** Some cells did not fit their column's pinned type; they are kept in `mdc_rejected`. */
  | "VALUES_REJECTED"
  /** A hint, once per collection: columns are stored in a type that a reader of the format may not expect. */
  | "TYPE_HINT"
  /** Delivery to the destination failed and is being retried. */
  | "DELIVERY_DELAYED"
  /** Delivery cannot succeed until somebody changes a setting, a permission or a clock; data is kept. */
  | "DELIVERY_BLOCKED"
  /** A segment was set aside in quarantine. */
  | "QUARANTINED"
  /** Files are stored, and not part of their Delta table, whose log cannot be used. */
  | "TABLE_LOG_FAILED"
  /** The spool could not be written. */
  | "SPOOL_FAILED"
  /** The background thread died or could not start. */
  | "BACKGROUND_FAILED"
  /** A file or record did not have the expected bytes. */
  | "CORRUPT"
  /** The configuration file changed to something that cannot be used; the configuration of before holds. */
  | "CONFIG_REFUSED"
  /** A predicate of `keep` throws, or answers neither true nor false; it keeps nothing then. */
  | "RULE_FAILED"
  /** A model's body gave no typed columns; `info.reason` says why. It is stored as it is. */
  | "BODY_NOT_TABULAR"
  /** A body could not be redacted, and nothing of it is stored; `info.reason` says why. */
  | "BODY_NOT_REDACTED"
  /** A body could not be stored aside, and is cut, or not stored; `info.reason` says why. */
  | "BODY_NOT_ASIDE"
  /** A function among the options of payload logging fails; `info.reason` says which. */
  | "PAYLOAD_OPTION_FAILED"
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

/**
 * A `TypeError` that says where, what was expected and what kind of value came: one that strayed here may be
 * anything.
 */
export function wrongKind(where: string, expected: string, got: unknown): TypeError {
  const kind = typeof got === "number" || typeof got === "bigint" ? kindOf(got) : describe(got);
  return invalidArgument(new TypeError(`${where}: expected ${expected}, got ${kind}`));
}

/** A `RangeError` that says where, what was expected and what came. */
export function wrongValue(where: string, expected: string, got: unknown): RangeError {
  return invalidArgument(new RangeError(`${where}: expected ${expected}, got ${describe(got)}`));
}

/** The error, marked as one of whoever called: `code` is `INVALID_ARGUMENT`. */
export function invalidArgument<E extends Error>(error: E): E {
  return Object.assign(error, { code: "INVALID_ARGUMENT" });
}

/**
 * A text that may stand in a message as it is: a name, a code, a host; never a value. Make one with
 * {@link told}.
 */
class Told {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type { Told };

/** What {@link wrongValue} shall say of what came, word for word. Only for what cannot be a secret. */
export function told(text: string): Told {
  return new Told(text);
}

/** A name (of a column, an option, a collection) in a message: quoted, and cut at 60 characters. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

/**
 * A wrong option in a message: numbers, booleans and the like as they are, of everything else only the kind.
 */
export function describe(value: unknown): string {
  if (value instanceof Told) return value.text;
  switch (typeof value) {
    case "number":
    case "boolean":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    default:
      return kindOf(value);
  }
}

/** What a value is, and how long, without any of what it holds. Never throws, whatever it is. */
export function kindOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value === "" ? "an empty text" : `a text of ${countOf(value.length, "character")}`;
    case "undefined":
      return "undefined";
    case "object":
      return value === null ? "null" : objectKind(value);
    default:
      return `a ${typeof value}`;
  }
}

function objectKind(value: object): string {
  try {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    // Not the object's own `constructor`, which may be a column.
    const prototype: unknown = Object.getPrototypeOf(value);
    const made: unknown =
      prototype === null ? undefined : (prototype as { constructor?: unknown }).constructor;
    const name: unknown = typeof made === "function" ? made.name : undefined;
    return typeof name === "string" && /^[A-Za-z_$][\w$]{0,39}$/.test(name)
      ? `an object (${name})`
      : "an object";
  } catch {
    // A Proxy may throw at every question.
    return "an object";
  }
}

/** Errors of the language itself, whose texts quote what they choked on (`"sk-l"… is not valid JSON`). */
const quoting: ReadonlySet<string> = new Set([
  "TypeError",
  "RangeError",
  "SyntaxError",
  "ReferenceError",
  "URIError",
]);

/**
 * What an error from within says that may be passed on: its message, but of the language's own errors only
 * the kind and where they were thrown. Of an error that the caller's code threw use {@link errorKind}.
 */
export function messageOf(thrown: unknown): string {
  const kind = errorKind(thrown);
  if (!isError(thrown)) return `thrown: ${kind}`;
  if (!quoting.has(kind) || (thrown as { code?: unknown }).code === "INVALID_ARGUMENT") return thrown.message;
  const line = thrown.stack?.split("\n").find((text) => /^\s+at /.test(text)) ?? "";
  const place = /[\w-]+\.[cm]?[jt]s:\d+/.exec(line)?.[0];
  return place === undefined ? kind : `${kind} at ${place}`;
}

/** The kind of an error: its name, if it is one that a class of errors has. Never throws. */
export function errorKind(thrown: unknown): string {
  try {
    if (!isError(thrown)) return kindOf(thrown);
    const name: unknown = thrown.name;
    return typeof name === "string" && /^[A-Z][A-Za-z]{0,39}(Error|Exception)$|^Error$/.test(name)
      ? name
      : "an error";
  } catch {
    // A thrown Proxy need not even say what it is.
    return "something unreadable";
  }
}

/**
 * What `read` gives; what it throws (a getter, a Proxy) becomes an error of ours that says of it only its
 * kind.
 */
export function reading<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw wrongKind(where, "what can be read", told(`what throws ${errorKind(thrown)}`));
  }
}

/** True for an error of any realm: a vm context, and some test runners, have an `Error` of their own. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

/** Any thrown value as an `Error`. */
export function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new Error(`thrown: ${kindOf(thrown)}`);
}
