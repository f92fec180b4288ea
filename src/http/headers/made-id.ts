import type { CorrelationContext } from "../../collector/context/correlation-context.ts";

/** True if the request came with no id at all, so that its caller knows none. */
export function isMade({ requestId, clientRequestId, attributes }: CorrelationContext): boolean {
  return requestId === null && clientRequestId === null && attributes["traceparent"] === undefined;
}
