import { CollectorError, kindOf, wrongKind, wrongValue } from "../../base/errors.ts";
import { uuidTime } from "../../base/uuid-v7.ts";
import { systemClock } from "../../base/time/clock.ts";
import { countRows } from "../../frame/copy/count-rows.ts";
import { KeyedFrame } from "../../frame/keyed-frame.ts";
import { nameProblem } from "../../layout/column-names.ts";
import { type KeyValue, labelKeyId, labelKeyTag } from "../../layout/ground-truth/label-key.ts";
import type { Collector } from "../api.ts";
import { insideOf } from "../collector.ts";
import { CorrelationContext } from "../context/correlation-context.ts";

/** What a label is about. */
export type LabelSubject = string | CorrelationContext | Readonly<Record<string, KeyValue>>;

/** What else may be known of a label. */
export interface LabelFacts {
  /** When the truth was known, milliseconds since 1970 UTC; default now. */
  readonly atMs?: number;
  /** What its version is known by: of two with one id the first counts. Default a new one. */
  readonly eventId?: string;
}

/**
 * Hands a label to the collector of labels. Throws a `TypeError` or `RangeError` for what is no subject, and
 * a `CollectorError` with code `FRAME_DROPPED` if it is not taken.
 */
export function giveLabel(
  collector: Collector,
  subject: LabelSubject,
  frame: object,
  facts: LabelFacts = {},
): void {
  const { atMs = systemClock.now(), eventId } = facts;
  const about = aboutOf(subject, atMs);
  // Whatever the rate says: it is the ground truth of what was kept.
  about.context.keep();
  const before = refusedOf(collector);
  const inside = insideOf(collector);
  const labelled = about.key === undefined ? frame : new KeyedFrame(frame, about.key, countRows(frame));
  const event = { timeMs: atMs, ...(eventId === undefined ? {} : { id: eventId }) };
  if (inside === undefined) collector.collect(labelled, about.context);
  else inside.collectEvent(labelled, about.context, event);
  const after = refusedOf(collector);
  if (after.disabled > before.disabled)
    throw new CollectorError(
      "FRAME_DROPPED",
      `the collection ${collector.name} is switched off, and the label is not stored`,
    );
  for (const [reason, frames] of Object.entries(after.dropped)) {
    if ((frames ?? 0) > (before.dropped[reason] ?? 0))
      throw new CollectorError("FRAME_DROPPED", `the label is not stored (${reason}): see onError`);
  }
}

interface Refused {
  readonly disabled: number;
  readonly dropped: Readonly<Record<string, number | undefined>>;
}

function refusedOf(collector: Collector): Refused {
  const { disabled, dropped } = collector.stats().frames;
  return { disabled, dropped: { ...dropped } };
}

interface About {
  readonly context: CorrelationContext;
  readonly key?: ReadonlyMap<string, KeyValue>;
}

const expected = "a correlation id, its context, or an object of key columns";

function aboutOf(subject: unknown, atMs: number): About {
  if (typeof subject === "string") {
    if (subject === "") throw wrongValue("label: idOrKey", expected, subject);
    return { context: CorrelationContext.create({ id: subject, requestTime: requestTimeOf(subject, atMs) }) };
  }
  if (CorrelationContext.isOne(subject)) {
    const requestTime = new Date(CorrelationContext.requestTimeOf(subject));
    return { context: CorrelationContext.create({ id: CorrelationContext.idOf(subject), requestTime }) };
  }
  if (typeof subject !== "object" || subject === null || Array.isArray(subject))
    throw wrongKind("label: idOrKey", expected, subject);
  const key = new Map<string, KeyValue>();
  for (const [name, value] of Object.entries(subject as Record<string, unknown>)) {
    const problem = nameProblem(name);
    if (problem !== undefined) throw wrongValue("label: idOrKey", `usable names (${problem})`, name);
    if (!isKeyValue(value))
      throw wrongKind(
        `label: idOrKey, column ${JSON.stringify(name)}`,
        "a text, a number or a boolean",
        kindOf(value),
      );
    key.set(name, value);
  }
  if (key.size === 0) throw wrongValue("label: idOrKey", "at least one column", subject);
  const attributes = { [labelKeyTag]: JSON.stringify([...key.keys()]) };
  return {
    context: CorrelationContext.create({ id: labelKeyId(key), requestTime: new Date(atMs), attributes }),
    key,
  };
}

function isKeyValue(value: unknown): value is KeyValue {
  return typeof value === "number"
    ? Number.isFinite(value)
    : ["string", "bigint", "boolean"].includes(typeof value);
}

/** A UUIDv7 says when it was made: so a label is in the partition of its request. */
function requestTimeOf(id: string, atMs: number): Date {
  const made = uuidTime(id);
  return new Date(made === undefined || made > atMs ? atMs : made);
}
