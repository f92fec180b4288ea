import type { HourCompleteness } from "../../../reader/completeness/completeness.ts";
import type { Verdict } from "../../../reader/completeness/verdict.ts";
import type { Volume, VolumeBin, VolumeSeries, VolumeSums } from "../answers.ts";
import type { Asked } from "../asked.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const maxBins = 200;
const maxReasons = 4;
const binLengths = [hourMs, 3 * hourMs, 6 * hourMs, 12 * hourMs, dayMs, 7 * dayMs, 28 * dayMs, 364 * dayMs];
const verdicts: readonly Verdict[] = ["complete", "purged", "waiting", "unknown", "short"];

/** What came when, and whether it is all there: the hours of a range, put together where they are many. */
export async function volume({ source, query }: Asked): Promise<Volume> {
  const asked = query.range();
  const hours = await source.data.completeness({
    ...(Number.isFinite(asked.from) ? { from: asked.from } : {}),
    ...(Number.isFinite(asked.to) ? { to: asked.to } : {}),
  });
  const starts = hours.map(({ hour }) => hour.getTime());
  const first = starts.reduce((min, one) => Math.min(min, one), Number.POSITIVE_INFINITY);
  const last = starts.reduce((max, one) => Math.max(max, one), Number.NEGATIVE_INFINITY);
  const from = Number.isFinite(asked.from) ? asked.from : first;
  const to = Number.isFinite(asked.to) ? asked.to : last + hourMs;
  if (!Number.isFinite(from) || !Number.isFinite(to)) return { from: 0, to: 0, binMs: hourMs, series: [] };
  const binMs = binLengths.find((length) => (to - from) / length <= maxBins) ?? 3_640 * dayMs;
  const series = new Map<string, HourCompleteness[]>();
  for (const hour of hours) {
    const key = `${hour.endpoint}/${hour.deployment}/${hour.collection}`;
    const known = series.get(key);
    if (known === undefined) series.set(key, [hour]);
    else known.push(hour);
  }
  return { from, to, binMs, series: Array.from(series.values(), (list) => seriesOf(list, binMs)) };
}

function seriesOf(hours: readonly HourCompleteness[], binMs: number): VolumeSeries {
  const bins = new Map<number, HourCompleteness[]>();
  for (const hour of hours) {
    const start = Math.floor(hour.hour.getTime() / binMs) * binMs;
    const known = bins.get(start);
    if (known === undefined) bins.set(start, [hour]);
    else known.push(hour);
  }
  const { endpoint = "", deployment = "", collection = "" } = hours[0] ?? {};
  return {
    ...{ endpoint, deployment, collection },
    ...sumsOf(hours),
    bins: [...bins]
      .sort(([a], [b]) => a - b)
      .map(([start, list]): VolumeBin => ({ start, ...sumsOf(list), reasons: reasonsOf(list) })),
  };
}

function sumsOf(hours: readonly HourCompleteness[]): VolumeSums {
  const sum = (amount: (hour: HourCompleteness) => number): number =>
    hours.reduce((total, hour) => total + amount(hour), 0);
  return {
    rows: sum(({ foundRows, storedRows }) => foundRows ?? storedRows),
    offered: sum(({ offered }) => offered),
    stored: sum(({ stored }) => stored),
    dropped: sum(({ dropped }) => Object.values(dropped).reduce((total, frames) => total + frames, 0)),
    leftOut: sum(({ sampledOut, disabled }) => sampledOut + disabled),
    pending: sum(({ pending }) => pending),
    unaccounted: sum(({ unaccounted }) => unaccounted),
    verdict: verdicts[Math.max(0, ...hours.map(({ verdict }) => verdicts.indexOf(verdict)))] ?? "complete",
  };
}

/** The worst hours' first; each once. */
function reasonsOf(hours: readonly HourCompleteness[]): string[] {
  const worst = [...hours].sort((a, b) => verdicts.indexOf(b.verdict) - verdicts.indexOf(a.verdict));
  return [...new Set(worst.flatMap(({ reasons }) => reasons))].slice(0, maxReasons);
}
