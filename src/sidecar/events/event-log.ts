import { systemClock } from "../../base/time/clock.ts";
import type { Deployment } from "../../collector/api.ts";
import { Collector, insideOf } from "../../collector/collector.ts";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { passOnDecision } from "../../collector/context/other-copies.ts";
import { endRequest } from "../../collector/context/request-end.ts";
import type { Inside } from "../../collector/report/inside.ts";
import type { Route } from "../../config/payload/route-patterns.ts";
import { contextOfBody } from "../../http/body/dropped-body.ts";
import { noEvents } from "../../http/event-stream/event-meter.ts";
import { requestTarget } from "../../http/headers/request-target.ts";
import { requestSchema, responseSchema } from "../../http/payload-rows.ts";
import { TabularLog } from "../../http/tabular-log.ts";
import { modelBody } from "../../http/tabular/model-body.ts";
import { CheckedCollector } from "../intake/checked-collector.ts";
import { Recent } from "../intake/recent.ts";
import { EventBodies } from "./event-bodies.ts";
import { contextOfEvent, eventIdOf, headersOf, type LoggedEvent, routeOf } from "./logged-event.ts";

/** Requests whose responses are still to come; of more, the oldest are forgotten. */
const maxRequests = 20_000;
/** How long a response waits for its request, which another connection may bring, milliseconds. */
const patienceMs = 1_000;
/** Responses that wait, and bytes of their bodies. */
const maxWaiting = 1_000;
const maxWaitingBytes = 16 << 20;

/** An event, with its data decoded if that was asked for and could be done. */
interface Come {
  readonly event: LoggedEvent;
  readonly decoded: Buffer | undefined;
  readonly at: number;
}

/** A request that has come. */
interface Asked {
  readonly context: CorrelationContext;
  readonly route: Route;
  readonly at: number;
}

interface Waiting extends Come {
  readonly patience: Disposable;
}

interface Target {
  readonly collector: CheckedCollector;
  readonly inside: Inside | undefined;
}

/**
 * The collections `request` and `response` of a deployment, filled from events. The two of an exchange have
 * one context, so that they are decided alike and lie in the same partition, that of the request's time; so a
 * response that overtakes its request waits for it a little.
 */
export class EventLog {
  readonly #deployment: Deployment;
  readonly #targets: Readonly<Record<LoggedEvent["side"], Target>>;
  readonly #bodies: EventBodies;
  readonly #asked = new Recent<Asked>(maxRequests);
  readonly #waiting = new Recent<Waiting>(maxWaiting);
  #tabular: TabularLog | undefined;
  #waitingBytes = 0;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    this.#bodies = new EventBodies(deployment);
    const request: Collector = new Collector({ name: "request", deployment, schema: requestSchema });
    const response: Collector = new Collector({ name: "response", deployment, schema: responseSchema });
    this.#targets = { request: targetOf(request), response: targetOf(response) };
    // Before that of typed columns, which are read from what this collects.
    this.#targets.request.inside?.expect(() => this.#collectWaiting());
  }

  /** What of an event takes its time, before it is taken. */
  decoded(event: LoggedEvent): Promise<Buffer | undefined> {
    return this.#bodies.decoded(event);
  }

  /** Collects an event. Throws a `Refusal` if it cannot be stored. */
  take(event: LoggedEvent, decoded: Buffer | undefined): void {
    const come = { event, decoded, at: event.time ?? systemClock.now() };
    if (event.side === "request") this.#takeRequest(come);
    else if (this.#asked.get(event.pair) !== undefined) this.#collectResponse(come);
    else this.#wait(come);
  }

  #takeRequest(come: Come): void {
    const { event, at } = come;
    const context = contextOfEvent(event, at);
    const route = routeOf(event);
    const said = event.attributes.get("path");
    const target = said === undefined ? undefined : requestTarget(said);
    const row = {
      http_method: event.attributes.get("method") ?? null,
      http_path: target?.path ?? null,
      http_query: target?.query ?? null,
      http_route: null,
    };
    this.#collect(come, context, route, row, () => undefined);
    this.#asked.set(event.pair, { context, route, at });
    const waiting = this.#forget(this.#waiting.delete(event.pair));
    if (waiting !== undefined) this.#collectLate(waiting);
  }

  #wait(come: Come): void {
    const { event, at } = come;
    // What is wrong with it is told at once.
    contextOfEvent(event, at);
    const patience = systemClock.setTimer(() => {
      const waiting = this.#forget(this.#waiting.delete(event.pair));
      if (waiting !== undefined) this.#collectLate(waiting);
    }, patienceMs);
    this.#waitingBytes += bytesOf(come);
    const known = this.#forget(this.#waiting.delete(event.pair));
    const gone = this.#forget(this.#waiting.set(event.pair, { ...come, patience }));
    for (const waiting of [known, gone]) if (waiting !== undefined) this.#collectLate(waiting);
    if (this.#waitingBytes > maxWaitingBytes) this.#collectWaiting();
  }

  #forget(waiting: Waiting | undefined): Waiting | undefined {
    if (waiting === undefined) return undefined;
    waiting.patience[Symbol.dispose]();
    this.#waitingBytes -= bytesOf(waiting);
    return waiting;
  }

  #collectWaiting(): void {
    for (const waiting of this.#waiting.clear()) {
      this.#forget(waiting);
      this.#collectLate(waiting);
    }
  }

  /** Nobody waits for its answer: what cannot be taken is counted, and that is all. */
  #collectLate(waiting: Waiting): void {
    try {
      this.#collectResponse(waiting);
    } catch {
      // The collector has told.
    }
  }

  #collectResponse(come: Come): void {
    const { event, at } = come;
    const asked = this.#asked.delete(event.pair);
    const context = asked?.context ?? contextOfEvent(event, at);
    const status = statusOf(event.attributes.get("statuscode"));
    const durationMs = asked === undefined ? undefined : Math.max(0, at - asked.at);
    const over = (): void => endRequest(context, { failed: status >= 500, durationMs: durationMs ?? 0 });
    const row = {
      http_status: status,
      first_byte_ms: null,
      duration_ms: durationMs ?? null,
      bytes_sent: null,
      outcome: "complete",
      ...noEvents,
    };
    try {
      this.#collect(come, context, asked?.route ?? routeOf(event), row, over);
    } catch (refusal) {
      over();
      throw refusal;
    }
  }

  /** Stores an event as its deployment's configuration says; `done` is called when its columns were read. */
  #collect(
    { event, decoded, at }: Come,
    context: CorrelationContext,
    route: Route,
    row: Readonly<Record<string, unknown>>,
    done: () => void,
  ): void {
    const { side } = event;
    const stored = this.#bodies.stored(event, route, decoded);
    if (stored === undefined) {
      done();
      return;
    }
    const { collector, inside } = this.#targets[side];
    const when = { timeMs: Math.floor(at), id: eventIdOf(event) };
    const told = contextOfBody(context, side, stored.body, inside);
    collector.collect([{ ...row, ...stored.row }], told, when);
    if (told !== context) passOnDecision(told, context, side);
    const { tabular } = this.#bodies.rules;
    if (tabular === null) {
      done();
      return;
    }
    const headers = headersOf(event);
    const sides = { body: stored.body, header: (name: string) => headers.get(name) };
    const body = modelBody(side === "request" ? "inputs" : "outputs", sides);
    // What answers an error is no model's.
    const isGood = side === "request" || statusOf(event.attributes.get("statuscode")) < 300;
    const bodies = body.content.length > 0 && isGood ? [body] : [];
    this.#tabular ??= new TabularLog(this.#deployment);
    this.#tabular.read(context, bodies, tabular, done, when);
  }
}

function targetOf(collector: Collector): Target {
  const inside = insideOf(collector);
  // They are cut already; as UTF-8, those in other encodings may be longer.
  inside?.takeTexts(Number.MAX_SAFE_INTEGER);
  return { collector: new CheckedCollector(collector), inside };
}

/** What an event that waits takes of memory. */
function bytesOf({ event, decoded }: Come): number {
  return event.data.length + (decoded?.length ?? 0);
}

/** Without it, only what had succeeded was logged. */
function statusOf(text: string | undefined): number {
  return text !== undefined && /^[1-9]\d\d$/.test(text) ? Number(text) : 200;
}
