import type { Attributes } from "./context-options.ts";
import { CorrelationContext } from "./correlation-context.ts";

/** The same request, for one frame of it that has more to tell in `mdc_tags`. */
export function taggedContext(context: CorrelationContext, tags: Attributes): CorrelationContext {
  const { id, requestTime, requestId, clientRequestId, attributes } = context;
  const tagged = { id, requestTime, requestId, clientRequestId, attributes: { ...attributes, ...tags } };
  return CorrelationContext.like(tagged, CorrelationContext.lifeOf(context));
}
