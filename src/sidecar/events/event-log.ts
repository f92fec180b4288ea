import { systemClock } from "../../base/time/clock.ts";
import type { Deployment } from "../../collector/api.ts";
import { Collector, insideOf } from "../../collector/collector.ts";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { endRequest } from "../../collector/context/request-end.ts";
import { BodyBudget } from "../../http/body/body-budget.ts";
import { BodyRecorder } from "../../http/body/body-recorder.ts";
import { storedBody } from "../../http/body/stored-body.ts";
import { noEvents } from "../../http/event-stream/event-meter.ts";
import { bodyRow, headRow, requestSchema, responseSchema } from "../../http/payload-rows.ts";
import { CheckedCollector } from "../intake/checked-collector.ts";
import { Recent } from "../intake/recent.ts";
import { contextOfEvent, eventIdOf, type LoggedEvent, storedHeaders } from "./logged-event.ts";

/** Requests whose responses are still to come; of more, the oldest are forgotten. */
const maxRequests = 20_000;
/** How long a response waits for its request, which another connection may bring, milliseconds. */
const patienceMs = 1_000;
/** Responses that wait, and bytes of their bodies. */
const maxWaiting = 1_000;
const maxWaitingBytes = 16 << 20;
/** The bytes of a body that are stored. */
const maxBodyBytes = 1 << 20;

/** A request that has come. */
interface Asked {
  readonly context: CorrelationContext;
  readonly at: number;
}

interface Waiting {
  readonly event: LoggedEvent;
  readonly at: number;
  readonly patience: Disposable;
}

/**
 * The collections `request` and `response` of a deployment, filled from events. The two of an exchange have
 * one context, so that they are decided alike and lie in the same partition, that of the request's time; so a
 * response that overtakes its request waits for it a little.
 */
export class EventLog {
  readonly #targets: Readonly<Record<LoggedEvent["side"], CheckedCollector>>;
  readonly #asked = new Recent<Asked>(maxRequests);
  readonly #waiting = new Recent<Waiting>(maxWaiting);
  readonly #budget = new BodyBudget(Number.MAX_SAFE_INTEGER);
  #waitingBytes = 0;

  constructor(deployment: Deployment) {
    const request: Collector = new Collector({ name: "request", deployment, schema: requestSchema });
    const response: Collector = new Collector({ name: "response", deployment, schema: responseSchema });
    this.#targets = { request: new CheckedCollector(request), response: new CheckedCollector(response) };
    // They are cut already; as UTF-8, those in other encodings may be longer.
    for (const collector of [request, response]) insideOf(collector)?.takeTexts(Number.MAX_SAFE_INTEGER);
    insideOf(request)?.expect(() => this.#collectWaiting());
    // They are cut already; as UTF-8, those in other encodings may be longer.
    for (const collector of [request, response]) insideOf(collector)?.takeTexts(Number.MAX_SAFE_INTEGER);
  }

  /** Collects an event. Throws a `Refusal` if it cannot be stored. */
  take(event: LoggedEvent): void {
    const at = event.time ?? systemClock.now();
    if (event.side === "request") this.#takeRequest(event, at);
    else if (this.#asked.get(event.pair) !== undefined) this.#collectResponse(event, at);
    else this.#wait(event, at);
  }

  #takeRequest(event: LoggedEvent, at: number): void {
    const context = contextOfEvent(event, at);
    const row = {
      http_method: event.attributes.get("method") ?? null,
      http_path: event.attributes.get("path") ?? null,
      http_query: null,
      http_route: null,
      ...this.#bodyRow(event),
    };
    this.#targets.request.collect([row], context, { timeMs: Math.floor(at), id: eventIdOf(event) });
    this.#asked.set(event.pair, { context, at });
    const waiting = this.#forget(this.#waiting.delete(event.pair));
    if (waiting !== undefined) this.#collectLate(waiting);
  }

  #wait(event: LoggedEvent, at: number): void {
    // What is wrong with it is told at once.
    contextOfEvent(event, at);
    const patience = systemClock.setTimer(() => {
      const waiting = this.#forget(this.#waiting.delete(event.pair));
      if (waiting !== undefined) this.#collectLate(waiting);
    }, patienceMs);
    this.#waitingBytes += event.data.length;
    const known = this.#forget(this.#waiting.delete(event.pair));
    const gone = this.#forget(this.#waiting.set(event.pair, { event, at, patience }));
    for (const waiting of [known, gone]) if (waiting !== undefined) this.#collectLate(waiting);
    if (this.#waitingBytes > maxWaitingBytes) this.#collectWaiting();
  }

  #forget(waiting: Waiting | undefined): Waiting | undefined {
    if (waiting === undefined) return undefined;
    waiting.patience[Symbol.dispose]();
    this.#waitingBytes -= waiting.event.data.length;
    return waiting;
  }

  #collectWaiting(): void {
    for (const waiting of this.#waiting.clear()) {
      this.#forget(waiting);
      this.#collectLate(waiting);
    }
  }

  /** Nobody waits for its answer: what cannot be taken is counted, and that is all. */
  #collectLate({ event, at }: Waiting): void {
    try {
      this.#collectResponse(event, at);
    } catch {
      // The collector has told.
    }
  }

  #collectResponse(event: LoggedEvent, at: number): void {
    const asked = this.#asked.delete(event.pair);
    const context = asked?.context ?? contextOfEvent(event, at);
    const status = statusOf(event.attributes.get("statuscode"));
    const durationMs = asked === undefined ? undefined : Math.max(0, at - asked.at);
    const row = {
      http_status: status,
      ...this.#bodyRow(event),
      first_byte_ms: null,
      duration_ms: durationMs ?? null,
      bytes_sent: null,
      outcome: "complete",
      ...noEvents,
    };
    try {
      this.#targets.response.collect([row], context, { timeMs: Math.floor(at), id: eventIdOf(event) });
    } finally {
      endRequest(context, { failed: status >= 500, durationMs: durationMs ?? 0 });
    }
  }

  #bodyRow(event: LoggedEvent): Record<string, unknown> {
    const { data, contentType, contentEncoding } = event;
    const recorder = new BodyRecorder("full", maxBodyBytes, this.#budget, false);
    recorder.add(data);
    const facts = {
      headers: storedHeaders(event),
      contentType,
      // Loggers send what a client had compressed, and do not say so.
      contentEncoding: contentEncoding ?? (data[0] === 0x1f && data[1] === 0x8b ? "gzip" : null),
    };
    const recorded = recorder.finish();
    recorded.release();
    return {
      ...headRow(facts),
      ...bodyRow(storedBody(recorded, facts, { redaction: undefined, maxBytes: maxBodyBytes })),
    };
  }
}

/** Without it, only what had succeeded was logged. */
function statusOf(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d\d$/.test(text) ? Number(text) : 200;
}
