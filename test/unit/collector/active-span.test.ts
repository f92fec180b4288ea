import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  context,
  type ContextManager,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CorrelationContext } from "../../../src/collector/context/correlation-context.ts";
import { CoreWorld } from "./core-world.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${spanId}-01`;
const other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

/** What an SDK for Node registers. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  active = (): Context => this.#storage.getStore() ?? ROOT_CONTEXT;
  with: ContextManager["with"] = (active, run, that, ...given) =>
    this.#storage.run(active, () => Reflect.apply(run, that, given));
  bind = <T>(_active: Context, target: T): T => target;
  enable = (): this => this;
  disable = (): this => this;
}

/** Calls `run` while a span is active. */
function inSpan<T>(run: () => T, traceFlags: TraceFlags = TraceFlags.SAMPLED, ids = { traceId, spanId }): T {
  const span = trace.wrapSpanContext({ ...ids, traceFlags });
  return context.with(trace.setSpan(context.active(), span), run);
}

beforeEach(() => void context.setGlobalContextManager(new AsyncContexts()));
afterEach(() => context.disable());

describe("a context that is made while a span is active", () => {
  test("has its trace as an attribute, whoever makes it, and an id of its own", () => {
    const made = inSpan(() => CorrelationContext.create({ attributes: { tenant: "acme" } }));
    expect(made.attributes).toEqual({ tenant: "acme", traceparent });
    expect(made.tagsText).toBe(JSON.stringify({ tenant: "acme", traceparent }));
    expect(inSpan(() => CorrelationContext.create()).id).not.toBe(traceId);
    expect(inSpan(() => CorrelationContext.create({ id: "mine" }))).toMatchObject({
      id: "mine",
      attributes: { traceparent },
    });
    const collector = new CoreWorld().collector();
    expect(inSpan(() => collector.collect([{ a: 1 }])).attributes).toEqual({ traceparent });
  });

  test("keeps it over whatever is awaited, and says whether the span is sampled", async () => {
    const made = await inSpan(async () => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return CorrelationContext.create();
    }, TraceFlags.NONE);
    expect(made.attributes).toEqual({ traceparent: `00-${traceId}-${spanId}-00` });
  });

  test("passes it on to the next service", () => {
    expect(inSpan(() => CorrelationContext.create({ id: "a" })).toHeaders()).toEqual({
      "x-request-id": "a",
      "x-ms-client-request-id": "a",
      traceparent,
    });
  });

  test("has the trace that came in a header, or was given, if one was", () => {
    const given = inSpan(() => CorrelationContext.create({ attributes: { traceparent: other } }));
    expect(given.attributes).toEqual({ traceparent: other });
    const came = inSpan(() => CorrelationContext.fromHeaders({ traceparent: other }));
    expect(came).toMatchObject({ id: other.slice(3, 35), attributes: { traceparent: other } });
  });

  test("from headers without any id, has the trace's", () => {
    const came = inSpan(() => CorrelationContext.fromHeaders({}));
    expect(came).toMatchObject({ id: traceId, requestId: null, attributes: { traceparent } });
    const named = inSpan(() => CorrelationContext.fromHeaders({ "x-request-id": "r-1" }));
    expect(named).toMatchObject({ id: "r-1", requestId: "r-1", attributes: { traceparent } });
  });
});

test("without a span, or with one that is none, a context has no trace", () => {
  const none = { traceId: "0".repeat(32), spanId: "0".repeat(16) };
  const inNone = inSpan(() => CorrelationContext.create(), TraceFlags.NONE, none);
  for (const made of [CorrelationContext.create(), inNone]) expect(made.attributes).toEqual({});
  context.disable();
  expect(CorrelationContext.create().attributes).toEqual({});
});

test("whatever else stands where OpenTelemetry keeps its own does no harm", () => {
  context.disable();
  const shared = Symbol.for("opentelemetry.js.api.1");
  const all = globalThis as unknown as Record<symbol, unknown>;
  const before = all[shared];
  const throwing = (): never => {
    throw new Error("hostile");
  };
  try {
    for (const hostile of [7, null, {}, { context: {} }, { context: { active: throwing } }]) {
      all[shared] = hostile;
      expect(CorrelationContext.fromHeaders({}).attributes).toEqual({});
      expect(CorrelationContext.create().attributes).toEqual({});
    }
  } finally {
    all[shared] = before;
  }
});
