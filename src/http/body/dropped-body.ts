import { asideFaults } from "../../collector/bodies/aside-body.ts";
import type { CorrelationContext } from "../../collector/context/correlation-context.ts";
import { taggedContext } from "../../collector/context/tagged-context.ts";
import type { Inside } from "../../collector/report/inside.ts";
import { notRedactedReasons } from "./redaction/body-redaction.ts";
import type { StoredBody } from "./stored-body.ts";

/**
 * The context under which a row is stored: of one whose body could not be redacted, or not be stored aside,
 * its tags say why that is not stored, or cut, which is told, too.
 */
export function contextOfBody(
  context: CorrelationContext,
  side: "request" | "response",
  { dropped, cut }: StoredBody,
  inside: Inside | undefined,
): CorrelationContext {
  if (dropped !== undefined) {
    const message = (): string => `the body of a ${side} is not stored: it ${notRedactedReasons[dropped]}`;
    inside?.trouble("BODY_NOT_REDACTED", `redact_${dropped}`, message);
    return taggedContext(context, { body_dropped: dropped });
  }
  if (cut === undefined) return context;
  const message = (): string => `the body of a ${side} is cut, not stored aside: it ${asideFaults[cut]}`;
  inside?.trouble("BODY_NOT_ASIDE", `aside_${cut}`, message);
  return taggedContext(context, { body_cut: cut });
}
