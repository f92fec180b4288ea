import type { Clock } from "../base/time/clock.ts";
import type { CorrelationContext } from "../collector/context/correlation-context.ts";
import type { Route } from "../config/payload/route-patterns.ts";
import { strictestPolicy } from "../config/protection/policy.ts";
import type { BodyRecorder, RecordedBody } from "./body/body-recorder.ts";
import { type BodyRedactions, joinedRedactions } from "./body/redaction/redaction-options.ts";
import { EventMeter, isEventStream, noEvents } from "./event-stream/event-meter.ts";
import { capturedHeaders, type HeaderLookup } from "./headers/captured-headers.ts";
import type { RequestTarget } from "./headers/request-target.ts";
import type { PayloadPolicy } from "./payload-options.ts";
import { type BodyFacts, headRow, type Outcome } from "./payload-rows.ts";

/** What an adapter knows of a request when its head has come. */
export interface RequestHead {
  /** Upper case. */
  readonly method: string;
  /** The request target as it came: path and query, or a whole URL. */
  readonly target: string;
  readonly header: HeaderLookup;
}

/** What may be stored of an exchange, at most. */
export interface ExchangeLimit {
  readonly policy: PayloadPolicy;
  readonly redact: BodyRedactions;
}

/** How an exchange ended. */
export interface ExchangeEnd {
  readonly outcome: Outcome;
  /** Bytes of the response's body that the client took, as far as this side can know. */
  readonly bytesSent: number;
  /** False if the request's body was not read to its end. */
  readonly requestComplete: boolean;
}

/** Where the rows of an exchange go, and under which settings it is recorded. */
export interface ExchangeHome {
  readonly clock: Clock;
  readonly captureHeaders: readonly string[];
  /** Takes an exchange that has ended. */
  store(exchange: EndedExchange): void;
}

/** The request or the response of an exchange that has ended. */
export interface EndedSide {
  /** Its row, without what its body decides. */
  readonly row: Readonly<Record<string, unknown>>;
  readonly facts: BodyFacts;
  readonly body: RecordedBody;
  readonly header: HeaderLookup;
}

/** An exchange that has ended, with its bodies as they came. */
export interface EndedExchange {
  readonly context: CorrelationContext;
  readonly route: Route;
  readonly limit: ExchangeLimit;
  readonly outcome: Outcome;
  readonly status: number | null;
  readonly durationMs: number;
  readonly request: EndedSide;
  readonly response: EndedSide;
}

/**
 * One request and its response, as an adapter tells of them: heads, chunks, the end. Nothing here knows a
 * framework, and nothing an adapter tells it can make it throw or wait.
 */
export class Exchange {
  readonly context: CorrelationContext;
  readonly requestBody: BodyRecorder;
  readonly responseBody: BodyRecorder;
  readonly #home: ExchangeHome;
  readonly #head: RequestHead;
  readonly #target: RequestTarget;
  readonly #startedAt: number;
  #firstByteAt: number | undefined;
  #status: number | null = null;
  #responseHeader: HeaderLookup = () => undefined;
  #events: EventMeter | undefined;
  #routeOf: ((status: number | null) => string | null) | undefined;
  #limit: ExchangeLimit = { policy: "full", redact: {} };
  #hasFailed = false;
  #ended = false;

  constructor(
    home: ExchangeHome,
    context: CorrelationContext,
    head: RequestHead,
    target: RequestTarget,
    newBody: (side: "request" | "response") => BodyRecorder,
  ) {
    this.#home = home;
    this.context = context;
    this.#head = head;
    this.#target = target;
    this.requestBody = newBody("request");
    this.responseBody = newBody("response");
    this.#startedAt = home.clock.monotonic();
  }

  /** Another adapter has met the request: what its options do not let be stored is not stored. */
  limitTo({ policy, redact }: ExchangeLimit): void {
    const strictest = strictestPolicy([this.#limit.policy, policy]);
    this.#limit = { policy: strictest, redact: joinedRedactions(this.#limit.redact, redact) };
    this.requestBody.limit(strictest, redact.request !== undefined);
    this.responseBody.limit(strictest, redact.response !== undefined);
  }

  /**
   * Who knows the route's pattern (`/users/:id`), never the path: asked at the end, when the framework has
   * found it. The first one counts.
   */
  routedBy(routeOf: (status: number | null) => string | null): void {
    this.#routeOf ??= routeOf;
  }

  /** Whether somebody knows the route's pattern. */
  get isRouted(): boolean {
    return this.#routeOf !== undefined;
  }

  /** The response's head is final: of informational ones (1xx) nothing is told. */
  respond(status: number, header: HeaderLookup): void {
    this.#status = status;
    this.#responseHeader = header;
    if (!isEventStream(header)) return;
    this.#events = new EventMeter(this.#home.clock);
    this.responseBody.meter = this.#events;
  }

  /** The first byte of the response, its head, goes out. Further calls change nothing. */
  firstByte(): void {
    this.#firstByteAt ??= this.#home.clock.monotonic();
  }

  /** The handler threw. That decides the outcome unless a response was made of it. */
  failed(): void {
    this.#hasFailed = true;
  }

  /** The exchange is over; the first call counts. */
  end({ outcome: seen, bytesSent, requestComplete }: ExchangeEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const outcome = this.#hasFailed && seen !== "complete" ? "error" : seen;
    const durationMs = this.#home.clock.monotonic() - this.#startedAt;
    const route = { method: this.#head.method, path: this.#target.path };
    const limit = this.#limit;
    const facts = { context: this.context, route, limit, outcome, status: this.#status, durationMs };
    const request = this.#requestSide(requestComplete);
    this.#home.store({ ...facts, request, response: this.#responseSide(facts, bytesSent) });
  }

  /** It was no exchange: nothing of it is stored. */
  discard(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const body of [this.requestBody, this.responseBody]) body.finish().release();
  }

  #requestSide(isWhole: boolean): EndedSide {
    const { method, header } = this.#head;
    const { path, query } = this.#target;
    const facts = this.#facts(header);
    const body = this.requestBody.finish();
    return {
      row: {
        http_method: method,
        http_path: path,
        http_query: query,
        http_route: this.#route(),
        ...headRow(facts),
      },
      facts,
      body: isWhole ? body : { ...body, isWhole: false, truncated: true, sha256: null },
      header,
    };
  }

  #responseSide(
    { durationMs, outcome }: Pick<EndedExchange, "durationMs" | "outcome">,
    bytesSent: number,
  ): EndedSide {
    const facts = this.#facts(this.#responseHeader);
    return {
      row: {
        http_status: this.#status,
        ...headRow(facts),
        first_byte_ms: this.#firstByteAt === undefined ? null : this.#firstByteAt - this.#startedAt,
        duration_ms: durationMs,
        bytes_sent: bytesSent,
        outcome,
        ...(this.#events?.columns(this.#startedAt) ?? noEvents),
      },
      facts,
      body: this.responseBody.finish(),
      header: this.#responseHeader,
    };
  }

  /** What a framework keeps of its own is read with care. */
  #route(): string | null {
    try {
      return this.#routeOf?.(this.#status) ?? null;
    } catch {
      return null;
    }
  }

  #facts(header: HeaderLookup): BodyFacts {
    return {
      headers: capturedHeaders(this.#home.captureHeaders, header),
      contentType: header("content-type") ?? null,
      contentEncoding: header("content-encoding") ?? null,
    };
  }
}
