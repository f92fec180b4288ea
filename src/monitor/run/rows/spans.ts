import { Baseline } from "../../baseline/baseline.ts";
import { isKept } from "../compare/compare-window.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import type { BaselineUsed } from "../monitor-result.ts";
import type { WantedSpan } from "./collection-rows.ts";
import type { TimeSpan } from "./monitor-source.ts";

/** The spans to be read, and which of them is compared with which. */
export function spansOf({ collection, baseline, windows }: CollectionMonitor): {
  readonly spans: readonly WantedSpan[];
  readonly pairs: readonly (readonly [number | undefined, number])[];
} {
  const own = windows.map(({ from, to }) => ({ from, to, collection }));
  if (isKept(baseline)) return { spans: own, pairs: own.map((_, i) => [undefined, i]) };
  if (baseline !== "previous") {
    const { from, to, collection: other = collection } = baseline;
    return { spans: [{ from, to, collection: other }, ...own], pairs: own.map((_, i) => [0, i + 1]) };
  }
  const spans: WantedSpan[] = [];
  const pairs: (readonly [number, number])[] = [];
  for (const span of own) {
    const length = span.to.getTime() - span.from.getTime();
    const last = spans.at(-1);
    const follows =
      last?.to.getTime() === span.from.getTime() && last.from.getTime() === span.from.getTime() - length;
    if (!follows) spans.push({ collection, from: new Date(span.from.getTime() - length), to: span.from });
    spans.push(span);
    pairs.push([spans.length - 2, spans.length - 1]);
  }
  return { spans, pairs };
}

/** What a collection was compared with, of so many rows if they are of one span. */
export function baselineUsed({ collection, baseline }: CollectionMonitor, rows: number): BaselineUsed {
  if (baseline === "previous") return { from: "previous", collection, start: null, end: null, rows: null };
  const { from, to } = baseline;
  const span = { start: from.toISOString(), end: to.toISOString() };
  if (baseline instanceof Baseline)
    return { from: "file", collection: baseline.collection, ...span, rows: baseline.rows };
  return {
    from: "reference",
    collection: baseline.collection ?? collection,
    ...span,
    rows,
  };
}

/** The length of windows; null of a single one, and of several lengths. */
export function lengthOf(windows: readonly TimeSpan[]): number | null {
  const lengths = new Set(windows.map(({ from, to }) => to.getTime() - from.getTime()));
  const [length] = lengths;
  return windows.length > 1 && lengths.size === 1 && length !== undefined ? length : null;
}
