import { type InspectOptions, inspect } from "node:util";
import { hostTimeMs } from "../../base/time/host-time.ts";
import { systemIds } from "../../base/ids.ts";
import { ownJson } from "../../base/own-json.ts";
import { activeTraceparent, traced } from "./active-span.ts";
import {
  encodeRequestId,
  type HeadersLike,
  idIn,
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
import type { ContextJson } from "./context-json.ts";
import { type PassedDecision, readDecision, writeDecision } from "./decision-header.ts";
import { RequestLife } from "./request-life.ts";
import { decided, type Decision, decisionsOf } from "./sampling-decisions.ts";

/**
 * One request, for all that is collected of it: inputs, outputs and whatever lies between carry its id, its
 * time and its attributes. Nothing in it can be changed: a frame that comes with a context of which a field
 * was changed all the same, which only JavaScript allows, is dropped (`invalid`).
 * @example
 * ```ts
 * import { CorrelationContext } from "model-data-collector";
 * const { id, attributes } = CorrelationContext.create({ attributes: { tenant: "north" } });
 * ```
 */
export class CorrelationContext {
  /**
   * When the request came, milliseconds since 1970 UTC: {@link CorrelationContext.requestTime} without a
   * `Date`.
   */
  readonly requestTimeMs: number;
  /**
   * The header `x-request-id`, stored as `mdc_request_id`; null if there was none. Azure ML replaces what the
   * caller sent by an id of its own, which its payload log has, too.
   */
  readonly requestId: string | null;
  /**
   * The header `x-ms-client-request-id`, stored as `mdc_client_request_id`; null if there was none. It is the
   * caller's, on Azure ML, too.
   */
  readonly clientRequestId: string | null;
  /** Stored with each record as `mdc_tags`. Has no prototype; frozen. */
  readonly attributes: Attributes;
  /**
   * Made when somebody asks: mostly that is not the caller of `collect`, whom it would cost as much as ten
   * columns.
   */
  #id: string | undefined;
  readonly #tracestate: string | undefined;
  readonly #passed: PassedDecision | undefined;
  // What the fields were made with: what is stored is made of these.
  readonly #requestTimeMs: number;
  readonly #requestId: string | null;
  readonly #clientRequestId: string | null;
  readonly #attributes: Attributes;
  #decisions: Decision | undefined;
  #life: RequestLife | undefined;
  #tagsText: string | null | undefined;

  private constructor(
    id: string | undefined,
    requestTimeMs: number,
    attributes: Attributes,
    requestId: string | null,
    clientRequestId: string | null,
    tracestate: string | undefined,
    passed?: PassedDecision,
  ) {
    this.#id = id;
    this.requestTimeMs = requestTimeMs;
    this.attributes = attributes;
    this.requestId = requestId;
    this.clientRequestId = clientRequestId;
    this.#tracestate = tracestate;
    this.#passed = passed;
    this.#requestTimeMs = requestTimeMs;
    this.#requestId = requestId;
    this.#clientRequestId = clientRequestId;
    this.#attributes = attributes;
  }

  /** True for a context of this class's making, false for what only looks like one. @internal */
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
      context.clientRequestId === context.#clientRequestId &&
      context.attributes === context.#attributes
    );
  }

  /**
   * The id, whatever somebody may have put in its place; as the next three.
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

  /** @internal */
  static clientRequestIdOf(context: CorrelationContext): string | null {
    return context.#clientRequestId;
  }

  /** About the bytes of memory that it takes beyond a context without attributes. @internal */
  static bytesOf(context: CorrelationContext): number {
    return context.#attributes === noAttributes ? 0 : attributesBytes(context.#attributes);
  }

  /** What becomes of its request. @internal */
  static lifeOf(context: CorrelationContext): RequestLife {
    context.#life ??= new RequestLife(context.#passed);
    return context.#life;
  }

  /**
   * A context of the caller's making. If an OpenTelemetry span is active, its `traceparent` is kept as an
   * attribute, unless one is given. Throws a `TypeError` or `RangeError` that says which option is wrong.
   */
  static create(options?: ContextOptions): CorrelationContext {
    const { id, requestTime, attributes } = options === undefined ? noOptions : parseContextOptions(options);
    // Not our clock: in a test that fakes the date, requests come at that date.
    const at = requestTime ?? hostTimeMs();
    return new CorrelationContext(id, at, traced(attributes), null, null, undefined);
  }

  /**
   * The context of a request that came over HTTP. Its id is, in this order: `x-request-id`,
   * `x-ms-client-request-id`, the trace id of `traceparent`, a new id. Both request ids are kept; a
   * well-formed `traceparent` is kept as an attribute. What the service before has decided about sampling
   * (`x-mdc-sampling`) holds here, too, as far as it keeps no more than this deployment does. Headers that
   * are too long or malformed count as absent; for an absent `traceparent`, that of the active OpenTelemetry
   * span is taken.
   *
   * Takes a fetch `Headers`, the `headers` or `rawHeaders` of a Node request, a `Map`, pairs, or an object,
   * with names in any case. Never throws.
   */
  static fromHeaders(headers: HeadersLike): CorrelationContext {
    const found = readHeaders(headers);
    const requestId = idIn(found["x-request-id"]);
    const clientRequestId = idIn(found["x-ms-client-request-id"]);
    const came = isTraceparent(found.traceparent) ? found.traceparent : undefined;
    const traceparent = came ?? activeTraceparent();
    return new CorrelationContext(
      requestId ?? clientRequestId ?? traceparent?.slice(3, 35),
      hostTimeMs(),
      traceparent === undefined ? noAttributes : copyAttributes([["traceparent", traceparent]]),
      requestId,
      clientRequestId,
      came !== undefined && isTracestate(found.tracestate) ? found.tracestate : undefined,
      readDecision(found["x-mdc-sampling"]),
    );
  }

  /**
   * One like another, as another copy's is, or with the same life. Throws if what that says cannot be.
   * @internal
   */
  static like(other: LikeContext, life?: RequestLife): CorrelationContext {
    const given = { id: other.id, requestTime: other.requestTime, attributes: { ...other.attributes } };
    const { id, requestTime, attributes = noAttributes } = parseContextOptions(given);
    if (id === undefined || requestTime === undefined) throw new TypeError("it is no context");
    const idOr = (one: unknown): string | null => (typeof one === "string" && isId(one) ? one : null);
    const [requestId, clientRequestId] = [idOr(other.requestId), idOr(other.clientRequestId)];
    const made = new CorrelationContext(id, requestTime, attributes, requestId, clientRequestId, undefined);
    made.#life = life;
    return made;
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
    return decisionsOf(this.#decisions);
  }

  /**
   * Has this request stored whatever the sampling rate, with `mdc_sampling_rate` 1: all that is collected of
   * it from now on, in every collection that is on, and what the flight recorder still holds of it.
   */
  keep(): void {
    CorrelationContext.lifeOf(this).keep();
  }

  /**
   * Notes what a collection decided; the newest decision of a collection counts.
   * @internal
   */
  noteSampled(collection: string, sampled: boolean): void {
    this.#decisions = decided(this.#decisions, collection, sampled);
  }

  /**
   * What becomes of its request, as other copies' collectors see it.
   * @internal
   */
  get life(): RequestLife {
    return CorrelationContext.lifeOf(this);
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
   * Headers for a request to the next service, which gets the same id from `fromHeaders`: `x-request-id`;
   * `x-ms-client-request-id`, which is the caller's if this request came with one, else the id; if it has
   * them, `traceparent` and `tracestate` unchanged; and once a frame of it was decided, `x-mdc-sampling` with
   * the rate and the version that it was decided under. An id that is not ASCII travels as an `ext-value` of
   * RFC 8187, 3.2: `UTF-8''%E6%97%A5`.
   */
  toHeaders(): Record<string, string> {
    const { id, clientRequestId } = this;
    const headers: Record<string, string> = {
      "x-request-id": encodeRequestId(id),
      "x-ms-client-request-id": encodeRequestId(clientRequestId ?? id),
    };
    const traceparent = this.attributes["traceparent"];
    if (isTraceparent(traceparent)) {
      headers["traceparent"] = traceparent;
      if (this.#tracestate !== undefined) headers["tracestate"] = this.#tracestate;
    }
    const { decision } = CorrelationContext.lifeOf(this);
    if (decision !== undefined) headers["x-mdc-sampling"] = writeDecision(decision);
    return headers;
  }

  /** The id. */
  toString(): string {
    return this.id;
  }

  /** Plain data for logs. */
  toJSON(): ContextJson {
    const { id, requestTime, requestId, clientRequestId, attributes } = this;
    return { id, requestTime: requestTime.toISOString(), requestId, clientRequestId, attributes };
  }
}

// What `console.log` shows. Not in the class, whose type would need the name of the symbol.
Object.defineProperty(CorrelationContext.prototype, inspect.custom, {
  value(this: CorrelationContext, _depth: number, options: InspectOptions): string {
    return `CorrelationContext ${inspect(this.toJSON(), options)}`;
  },
});

type LikeContext = Pick<CorrelationContext, keyof ContextJson>;

const noOptions: ReturnType<typeof parseContextOptions> = {};
