import { wrongValue } from "../../base/errors.ts";
import { integer, optionsOf, type Parser, type Parsers, parseFields, share } from "../../base/fields.ts";
import { countOf } from "../../base/plural.ts";
import type { LedgerFacts, WindowFacts } from "../../layout/monitoring/window-facts.ts";
import type {
  CompletenessSignalOptions,
  CompletenessSignal,
  CompletenessSignalName,
  CompletenessThresholds,
} from "./completeness-signal.ts";
import { schemaChanges } from "./schema-changes.ts";

const hourMs = 3_600_000;

/**
 * Whether the rows of a window are all there: how fresh they are, how many, what was lost, what nobody knows,
 * which columns changed, which values did not fit, and how many have ground truth, in this order. To be asked
 * before anything about values: a pipe that broke looks like drift.
 *
 * @throws TypeError or RangeError for thresholds that are none.
 * @example
 * ```ts
 * import { completenessSignals } from "model-data-collector/monitor";
 *
 * const signals = completenessSignals(
 *   {
 *     collection: "model_inputs",
 *     from: new Date("2026-11-28"),
 *     to: new Date("2026-11-29"),
 *     rows: 11_000,
 *     newest: new Date("2026-11-28T23:59:00Z"),
 *     columns: { distance: "float64" },
 *     rejectedRows: 3,
 *     unreadableFiles: 0,
 *     ledger: null,
 *   },
 *   { reference: { rowsPerHour: 1_000, columns: { distance: "float64", origin: "string" } } },
 * );
 * for (const { signal, value, verdict, reasons } of signals) console.log(signal, value, verdict, reasons);
 * ```
 */
export function completenessSignals(
  facts: WindowFacts,
  options: CompletenessSignalOptions = {},
): CompletenessSignal[] {
  const { asOf, reference = {}, thresholds: given = {}, minRows = 100 } = options;
  const thresholds = checkedThresholds(given);
  const end = Math.min(facts.to.getTime(), asOf?.getTime() ?? Number.POSITIVE_INFINITY);
  const hours = Math.max(0, end - facts.from.getTime()) / hourMs;
  const expected = reference.rowsPerHour === undefined ? undefined : reference.rowsPerHour * hours;
  const scarce = expected !== undefined && expected < minRows;
  const { rows, ledger } = facts;
  const freshnessMs = Math.max(hourMs, (facts.to.getTime() - facts.from.getTime()) / 10);
  const signal = (name: CompletenessSignalName, found: Found, most: number): CompletenessSignal =>
    judged(name, found, { min: null, max: most }, thresholds);
  const told = (of: (ledger: LedgerFacts) => Found): Found =>
    ledger === null ? skipped("no ledger is kept of these rows") : of(ledger);
  return [
    signal("freshness", freshnessOf(facts, end, scarce), freshnessMs),
    signal("silence", told(silenceOf), 0),
    judged("volume", volumeOf(rows, expected, scarce, minRows), { min: 0.5, max: 2 }, thresholds),
    signal("lost", told(lostOf), 0),
    signal("untold", told(untoldOf), 0),
    signal("unreadable", { value: facts.unreadableFiles, reasons: [] }, 0),
    signal("schema", schemaOf(facts, reference.columns), 0),
    signal("rejected", rejectedOf(facts), 0),
    judged("labels", labelsOf(facts), { min: null, max: null }, thresholds),
  ];
}

/** What was found, before it is held against a threshold. */
interface Found {
  readonly value: number | null;
  /** When it is not for thresholds to say. */
  readonly verdict?: CompletenessSignal["verdict"];
  readonly reasons: readonly string[];
}

interface Bounds {
  readonly min: number | null;
  readonly max: number | null;
}

function skipped(reason: string): Found {
  return { value: null, verdict: "skipped", reasons: [reason] };
}

function freshnessOf({ newest, rows }: WindowFacts, end: number, scarce: boolean): Found {
  const none = rows === 0 ? "there is no row" : "no row is in a file";
  const reasons = newest === null ? [none] : [`the newest row is of ${newest.toISOString()}`];
  const value = newest === null ? null : Math.max(0, end - newest.getTime());
  if (scarce) return { value, verdict: "insufficient data", reasons };
  return { value, ...(rows === 0 ? { verdict: "breach" as const } : {}), reasons };
}

function silenceOf({ silentProcesses, unaccounted, pending }: LedgerFacts): Found {
  const reasons = [
    ...(silentProcesses === 0 ? [] : [`${countOf(silentProcesses, "process")} silent`]),
    ...(pending === 0 ? [] : [`${countOf(pending, "frame")} not stored yet`]),
    ...(unaccounted === 0 ? [] : [`${countOf(unaccounted, "frame")} of killed processes`]),
  ];
  return { value: silentProcesses, reasons };
}

function volumeOf(rows: number, expected: number | undefined, scarce: boolean, minRows: number): Found {
  if (expected === undefined) return skipped("there is nothing to compare with");
  const reasons = [`${countOf(rows, "row")}, and ${Math.round(expected)} expected`];
  const value = expected === 0 ? null : rows / expected;
  if (scarce) reasons.push(`fewer than ${minRows} expected are too few to say`);
  return { value, ...(scarce ? { verdict: "insufficient data" as const } : {}), reasons };
}

function lostOf({ offered, dropped, unaccounted, storedRows, goneRows }: LedgerFacts): Found {
  const drops = Object.entries(dropped).filter(([, frames]) => frames > 0);
  const lost = drops.reduce((sum, [, frames]) => sum + frames, unaccounted);
  const reasons = drops.map(([reason, frames]) => `${countOf(frames, "frame")} dropped (${reason})`);
  if (unaccounted > 0) reasons.push(`${countOf(unaccounted, "frame")} unaccounted for`);
  if (goneRows > 0) reasons.push(`${countOf(goneRows, "row")} no longer in any file`);
  return { value: Math.max(shareOf(lost, offered), shareOf(goneRows, storedRows)), reasons };
}

function untoldOf({ hours, unknownHours, otherHours = 0 }: LedgerFacts): Found {
  const reasons = unknownHours === 0 ? [] : [`${unknownHours} of ${countOf(hours, "hour")}`];
  if (otherHours > 0)
    reasons.push(`${countOf(otherHours, "hour")} written by others, or before there was a ledger`);
  return { value: shareOf(unknownHours, hours), reasons };
}

function schemaOf(
  { columns, rows, newest }: WindowFacts,
  reference: Readonly<Record<string, string>> | undefined,
): Found {
  if (reference === undefined) return skipped("there is nothing to compare with");
  if (rows === 0) return skipped("there is no row");
  if (newest === null) return skipped("no row is in a file");
  const changes = schemaChanges(reference, columns);
  return { value: changes.length, reasons: changes };
}

function rejectedOf({ rows, rejectedRows }: WindowFacts): Found {
  if (rows === 0) return skipped("there is no row");
  const reasons = rejectedRows === 0 ? [] : [`${rejectedRows} of ${countOf(rows, "row")}`];
  return { value: rejectedRows / rows, reasons };
}

function labelsOf({ labels }: WindowFacts): Found {
  if (labels === undefined) return skipped("ground truth was not asked for");
  if (labels.requests === 0) return skipped("there is no request");
  const reasons = [`${labels.labelled} of ${countOf(labels.requests, "request")}`];
  return { value: labels.labelled / labels.requests, reasons };
}

function shareOf(part: number, whole: number): number {
  return part === 0 ? 0 : Math.min(1, part / Math.max(whole, part));
}

function judged(
  signal: CompletenessSignalName,
  { value, verdict, reasons }: Found,
  byDefault: Bounds,
  thresholds: CompletenessThresholds,
): CompletenessSignal {
  const given = thresholds[signal];
  const { min, max } = given === undefined ? byDefault : boundsOf(signal, given);
  const breached = value !== null && ((min !== null && value < min) || (max !== null && value > max));
  return {
    signal,
    value,
    min,
    max,
    thresholdSource: given === undefined ? "default" : "given",
    verdict: verdict ?? (breached ? "breach" : "pass"),
    reasons,
  };
}

function boundsOf(signal: CompletenessSignalName, given: number | readonly [number, number]): Bounds {
  if (typeof given !== "number") return { min: given[0], max: given[1] };
  return signal === "labels" ? { min: given, max: null } : { min: null, max: given };
}

const count = integer(0, Number.MAX_SAFE_INTEGER);

const pair: Parser<readonly [number, number]> = (value, where) => {
  const [min, max] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof min === "number" && typeof max === "number" && min >= 0 && max >= min) return [min, max];
  throw wrongValue(where, "two shares of what is expected, the least and the most, such as [0.5, 2]", value);
};

/** What thresholds may be. */
export const completenessParsers: Parsers<CompletenessThresholds> = {
  freshness: count,
  silence: count,
  volume: pair,
  lost: share,
  untold: share,
  unreadable: count,
  schema: count,
  rejected: share,
  labels: share,
};

function checkedThresholds(given: CompletenessThresholds): CompletenessThresholds {
  const place = optionsOf("completenessSignals thresholds");
  return parseFields<CompletenessThresholds>(given, place, completenessParsers);
}
