import { AsyncLocalStorage } from "node:async_hooks";
import { type InspectOptions, inspect } from "node:util";
import { wrongKind } from "../../base/errors.ts";
import { hostTimeMs } from "../../base/time/host-time.ts";
import { systemIds } from "../../base/ids.ts";
import { ownJson } from "../../base/own-json.ts";
import {
  decodeRequestId,
  encodeRequestId,
  type HeadersLike,
  isTraceparent,
  isTracestate,
  readHeaders,
} from "./context-headers.ts";
import {
  type Attributes,
  attributesBytes,
  type ContextOptions,
  copyAttributes,
  isId,
  noAttributes,
  parseContextOptions,
} from "./context-options.ts";

/** What a context is in JSON. */
export interface ContextJson {
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly requestTime: string;
  readonly requestId: string | null;
  readonly attributes: Attributes;
}

/**
 * A collection's decision; a list, because there are few and every request makes one. A class for the reason
 * that a snapshot is one: see `snapshot.ts`.
 */
class Decision {
  readonly collection: string;
  sampled: boolean;
  readonly next: Decision | undefined;

  constructor(collection: string, sampled: boolean, next: Decision | undefined) {
    this.collection = collection;
    this.sampled = sampled;
    this.next = next;
  }
}

/**
 * One request, for all that is collected of it: inputs, outputs and whatever lies between carry its id, its
 * time and its attributes. Nothing in it can be changed: a frame that comes with a context of which a field
 * was changed all the same, which only JavaScript allows, is dropped (`invalid`).
 */
export class CorrelationContext {
  /**
   * When the request came, milliseconds since 1970 UTC: {@link CorrelationContext.requestTime} without a
   * `Date`.
   */
  readonly requestTimeMs: number;
  /** The request id that the caller sent in a header, `mdc_request_id`; null if there was none. */
  readonly requestId: string | null;
  /** Stored with each record as `mdc_tags`. Has no prototype; frozen. */
  readonly attributes: Attributes;
  /**
   * Made when somebody asks: mostly that is not the caller of `collect`, whom it would cost as much as ten
   * columns.
   */
  #id: string | undefined;
  readonly #tracestate: string | undefined;
  // What the fields were made with: what is stored is made of these.
  readonly #requestTimeMs: number;
  readonly #requestId: string | null;
  readonly #attributes: Attributes;
  #decisions: Decision | undefined;
  #tagsText: string | null | undefined;

  private constructor(
    id: string | undefined,
    requestTimeMs: number,
    attributes: Attributes,
    requestId: string | null,
    tracestate: string | undefined,
  ) {
    this.#id = id;
    this.requestTimeMs = requestTimeMs;
    this.attributes = attributes;
    this.requestId = requestId;
    this.#tracestate = tracestate;
    this.#requestTimeMs = requestTimeMs;
    this.#requestId = requestId;
    this.#attributes = attributes;
  }

  /**
   * True for a context of this class's making, false for what only looks like one.
   * @internal
   */
  static isOne(value: unknown): value is CorrelationContext {
    return typeof value === "object" && value !== null && #requestTimeMs in value;
  }

  /**
   * True while its fields are those that it was made with.
   * @internal
   */
  static isUnchanged(context: CorrelationContext): boolean {
    return (
      context.requestTimeMs === context.#requestTimeMs &&
      context.requestId === context.#requestId &&
      context.attributes === context.#attributes
    );
  }

  /**
   * The id, whatever somebody may have put in its place; as the next two.
   * @internal
   */
  static idOf(context: CorrelationContext): string {
    context.#id ??= systemIds.uuid();
    return context.#id;
  }

  /** @internal */
  static requestTimeOf(context: CorrelationContext): number {
    return context.#requestTimeMs;
  }

  /** @internal */
  static requestIdOf(context: CorrelationContext): string | null {
    return context.#requestId;
  }

  /**
   * About the bytes of memory that it takes beyond a context without attributes.
   * @internal
   */
  static bytesOf(context: CorrelationContext): number {
    return context.#attributes === noAttributes ? 0 : attributesBytes(context.#attributes);
  }

  /**
   * A context of the caller's making. Throws a `TypeError` or `RangeError` that says which option is wrong.
   */
  static create(options?: ContextOptions): CorrelationContext {
    if (options === undefined) return CorrelationContext.#make(undefined);
    const { id, requestTime, attributes } = parseContextOptions(options);
    return CorrelationContext.#make(id, requestTime, attributes);
  }

  /**
   * The context of a request that came over HTTP. Its id is, in this order: `x-request-id`,
   * `x-ms-client-request-id`, the trace id of `traceparent`, a new id. A well-formed `traceparent` is kept as
   * an attribute. Headers that are too long or malformed count as absent.
   *
   * Takes a fetch `Headers`, the `headers` or `rawHeaders` of a Node request, a `Map`, pairs, or an object,
   * with names in any case. Never throws.
   */
  static fromHeaders(headers: HeadersLike): CorrelationContext {
    const found = readHeaders(headers);
    const requestId = firstId(found["x-request-id"], found["x-ms-client-request-id"]);
    const { traceparent } = found;
    if (!isTraceparent(traceparent)) {
      return CorrelationContext.#make(requestId ?? undefined, undefined, undefined, requestId);
    }
    const attributes = copyAttributes([["traceparent", traceparent]]);
    const id = requestId ?? traceparent.slice(3, 35);
    const { tracestate } = found;
    return CorrelationContext.#make(
      id,
      undefined,
      attributes,
      requestId,
      isTracestate(tracestate) ? tracestate : undefined,
    );
  }

  static #make(
    id: string | undefined,
    // Not our clock: in a test that fakes the date, requests come at that date.
    requestTimeMs: number = hostTimeMs(),
    attributes: Attributes = noAttributes,
    requestId: string | null = null,
    tracestate?: string,
  ): CorrelationContext {
    return new CorrelationContext(id, requestTimeMs, attributes, requestId, tracestate);
  }

  /** The correlation id, `mdc_correlation_id`. */
  get id(): string {
    return CorrelationContext.idOf(this);
  }

  /**
   * When the request came: a new `Date` each time, so changing one changes nothing. Decides the partition.
   */
  get requestTime(): Date {
    return new Date(this.requestTimeMs);
  }

  /** Which collections have kept this request (true) or left it out (false) so far. A new map each time. */
  get sampled(): ReadonlyMap<string, boolean> {
    const sampled = new Map<string, boolean>();
    for (let decision = this.#decisions; decision; decision = decision.next) {
      sampled.set(decision.collection, decision.sampled);
    }
    return sampled;
  }

  /**
   * Notes what a collection decided; the newest decision of a collection counts.
   * @internal
   */
  noteSampled(collection: string, sampled: boolean): void {
    for (let decision = this.#decisions; decision; decision = decision.next) {
      if (decision.collection === collection) {
        decision.sampled = sampled;
        return;
      }
    }
    this.#decisions = new Decision(collection, sampled, this.#decisions);
  }

  /**
   * The attributes as JSON text, as every record of the request stores them; null if there are none.
   * @internal
   */
  get tagsText(): string | null {
    this.#tagsText ??= this.#attributes === noAttributes ? null : ownJson(this.#attributes);
    return this.#tagsText;
  }

  /**
   * Headers for a request to the next service, which gets the same id from
   * {@link CorrelationContext.fromHeaders}: `x-request-id`, `x-ms-client-request-id` and, if this request
   * came with them, `traceparent` and `tracestate` unchanged. An id that is not ASCII travels as an
   * `ext-value` of RFC 8187, 3.2: `UTF-8''%E6%97%A5`.
   */
  toHeaders(): Record<string, string> {
    const requestId = encodeRequestId(this.id);
    const headers: Record<string, string> = {
      "x-request-id": requestId,
      "x-ms-client-request-id": requestId,
    };
    const traceparent = this.attributes["traceparent"];
    if (isTraceparent(traceparent)) {
      headers["traceparent"] = traceparent;
      if (this.#tracestate !== undefined) headers["tracestate"] = this.#tracestate;
    }
    return headers;
  }

  /** The id. */
  toString(): string {
    return this.id;
  }

  /** Plain data for logs. */
  toJSON(): ContextJson {
    const { id, requestTime, requestId, attributes } = this;
    return { id, requestTime: requestTime.toISOString(), requestId, attributes };
  }
}

// What `console.log` shows. Not in the class, whose type would need the name of the symbol.
Object.defineProperty(CorrelationContext.prototype, inspect.custom, {
  value(this: CorrelationContext, _depth: number, options: InspectOptions): string {
    return `CorrelationContext ${inspect(this.toJSON(), options)}`;
  },
});

const storage = new AsyncLocalStorage<CorrelationContext>();

/**
 * Calls `run` and gives back what it returns. In it, and in all that it starts and awaits, `collect` without
 * a context uses this one, and {@link currentContext} returns it.
 */
export function runWithContext<T>(context: CorrelationContext, run: () => T): T {
  if (!CorrelationContext.isOne(context)) {
    throw wrongKind("runWithContext argument context", "a CorrelationContext", context);
  }
  if (typeof run !== "function") throw wrongKind("runWithContext argument run", "a function", run);
  return storage.run(context, run);
}

/** The context of the innermost {@link runWithContext} around this call, or undefined. */
export function currentContext(): CorrelationContext | undefined {
  return storage.getStore();
}

/** The first header value that can be an id. */
function firstId(...values: readonly (string | undefined)[]): string | null {
  for (const value of values) {
    const id = value === undefined ? undefined : decodeRequestId(value);
    if (id !== undefined && isId(id)) return id;
  }
  return null;
}
