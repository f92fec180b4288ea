import type { Context, Span } from "@opentelemetry/api";
import { isTraceparent } from "./context-headers.ts";
import { type Attributes, copyAttributes, noAttributes } from "./context-options.ts";

/**
 * The trace that a call is part of, if OpenTelemetry follows it. Nothing is imported for this: the package
 * `@opentelemetry/api`, of which a process may have several copies, keeps what all of them share on the
 * global object, under a symbol per major version, and a context keeps its span under another one. So a first
 * request has its trace, too, and so has one in a bundle without that package.
 */
const shared = Symbol.for("opentelemetry.js.api.1");
const spanKey = Symbol.for("OpenTelemetry Context Key SPAN");

/**
 * The active span as W3C Trace Context has it (3.2, version 00); undefined if there is none, or it is none.
 */
export function activeTraceparent(): string | undefined {
  try {
    const context = (globalThis as Shared)[shared]?.context?.active();
    const span = context?.getValue(spanKey) as Span | undefined;
    if (span === undefined) return undefined;
    const { traceId, spanId, traceFlags } = span.spanContext();
    const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
    return isTraceparent(traceparent) ? traceparent : undefined;
  } catch {
    // What stands there is not what we take it for.
    return undefined;
  }
}

/** The attributes, with the active span's `traceparent` if there is one and they have none of their own. */
export function traced(attributes: Attributes = noAttributes): Attributes {
  const traceparent = activeTraceparent();
  if (traceparent === undefined || "traceparent" in attributes) return attributes;
  return copyAttributes([...Object.entries(attributes), ["traceparent", traceparent]]);
}

interface Shared {
  readonly [shared]?: { readonly context?: { active(): Context } };
}
