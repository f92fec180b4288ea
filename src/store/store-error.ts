import { errorCode } from "../base/files/file-system.ts";
import { BodyError } from "./object-body.ts";
import type { PutResult } from "./store.ts";

/** What kind of failure: decides whether and how soon to try again. */
export type StoreFailure =
  /** Time alone heals it: a network, a busy service, a full disk. */
  | "transient"
  /** Somebody must change a setting, a permission or a credential; trying each minute or so is enough. */
  | "configuration"
  /** This machine's clock is too far off for the service to accept its requests. */
  | "clock"
  /** This very request will never succeed. */
  | "rejected";

/** Facts of a {@link StoreError}; none of them can hold a secret. */
export type StoreErrorFacts = Pick<
  StoreError,
  "operation" | "statusCode" | "code" | "requestId" | "retryAfterMs"
>;

/**
 * A store could not do something. It is made anew from a few checked facts and never has a `cause`: what
 * network libraries throw holds URLs with signatures, headers and keys.
 */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
  /** Whether and how soon to try again. */
  readonly failure: StoreFailure;
  /** What was attempted: `get`, `list`, `token`, … */
  readonly operation: string;
  /** HTTP status, where there was an answer. */
  declare readonly statusCode?: number;
  /** The service's or the system's code: `ContainerNotFound`, `ECONNREFUSED`, … */
  declare readonly code?: string;
  /** The service's id of the request, for its support. */
  declare readonly requestId?: string;
  /** Milliseconds the service asked to wait. */
  declare readonly retryAfterMs?: number;

  /** @internal */
  constructor(failure: StoreFailure, message: string, facts: StoreErrorFacts) {
    super(message);
    this.failure = failure;
    this.operation = facts.operation;
    // Only those that are known, to keep printouts short.
    Object.assign(this, facts);
  }
}

/** The answer of `put` for a failure. */
export function putFailure(error: StoreError): PutResult {
  const { failure, retryAfterMs } = error;
  if (failure === "rejected") return { status: "rejected", error };
  return {
    status: "retryable",
    class: failure,
    error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The answer of `put` where other content is stored. */
export function putConflict(path: string): PutResult {
  const error = new StoreError(
    "rejected",
    `put ${path}: other content is stored there; nothing was changed`,
    {
      operation: "put",
    },
  );
  return { status: "conflict", error };
}

/** A `get` was answered with more bytes than it may give: trying again is of no use. */
export function getTooLarge(path: string, size: number, max: number): StoreError {
  const message = `get ${path}: the answer has ${size} bytes, more than the ${max} that were asked for`;
  return new StoreError("rejected", message, { operation: "get" });
}

/**
 * What stopped a put on this side of the store: the body's source, or the caller's signal. Anything else is a
 * bug and is thrown on.
 */
export function toPutError(path: string, thrown: unknown, signal: AbortSignal | undefined): StoreError {
  if (signal?.aborted) return new StoreError("transient", `put ${path}: aborted`, { operation: "put" });
  if (thrown instanceof StoreError) return thrown;
  if (thrown instanceof BodyError) {
    const failure = thrown.reason === "size" ? "rejected" : "transient";
    const why = thrown.cause instanceof Error ? ` (${errorCode(thrown.cause) ?? thrown.cause.name})` : "";
    return new StoreError(failure, `put ${path}: ${thrown.message}${why}`, { operation: "put" });
  }
  throw thrown;
}
