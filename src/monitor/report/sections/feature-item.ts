import type { DriftMetricResult, FeatureResult, FeatureSummary } from "../../run/feature-result.ts";
import { barPair } from "../charts/bar-pair.ts";
import { viewBox } from "../charts/box.ts";
import { pairMarks } from "../charts/histogram-pair.ts";
import { binLabels, type PairedCounts, sharesOf, shiftText } from "../charts/shares.ts";
import { lineMarks, lineText, thinned, type TimeLine } from "../charts/time-line.ts";
import { amountText, countText, figureText, shareText } from "../markup/figures.ts";
import { html, type Markup, name } from "../markup/markup.ts";
import { metricWords, stateOf } from "../markup/words.ts";
import type { Detail } from "./page-data.ts";

/** A feature as it is shown. */
export interface ShownFeature {
  readonly summary: FeatureSummary;
  /** Its latest window. */
  readonly latest: FeatureResult | undefined;
  readonly line: TimeLine;
  /** The first and the last window. */
  readonly ends: readonly [string, string];
  /** Whether its details show at first. */
  readonly isOpen: boolean;
}

/**
 * One feature: a line with its small charts and its verdict, which opens to what was computed how; its charts
 * grow then. Each is written once: with 1,000 features every byte of a line is a kilobyte.
 */
export function featureItem({ summary, latest, line, ends, isOpen }: ShownFeature, detail: Detail): Markup {
  const value = summary.values.findLast((one) => one !== null) ?? null;
  const pair = latest?.histogram == null ? undefined : pairOf(latest.histogram);
  return html`<li><details class=${stateOf(summary.verdict)}${isOpen && " open"}><summary>${name(summary.feature)}${
    value !== null && html`<span>${figureText(value)}${bound(summary)}</span>`
  }<b>${summary.verdict}</b>${pair && pairChart(summary, pair, { latest, detail })}${
    line.points.length > 1 &&
    html`<svg class=t viewBox="${viewBox}" role=img aria-label="${lineText(line)}">${lineMarks(thinned(line, detail.maxPoints))}${detail.isFull && axisEnds(...ends)}</svg>`
  }</summary><div>${
    summary.kind === "categorical" && pair && barPair(pair, detail.bars)
  }${facts(summary, latest, detail)}</div></details>`;
}

function pairChart(
  { kind }: FeatureSummary,
  pair: PairedCounts,
  { latest, detail }: { readonly latest: FeatureResult | undefined; readonly detail: Detail },
): Markup {
  const marks = pairMarks(drawnShares(pair, kind, detail), kind === "categorical");
  const edges = latest?.histogram?.kind === "numerical" ? latest.histogram.edges : [];
  const [least, greatest] = [edges[0], edges.at(-1)];
  const ends =
    least !== undefined && greatest !== undefined && axisEnds(figureText(least), figureText(greatest));
  return html`<svg class=h viewBox="${viewBox}" role=img aria-label="${shiftText(pair)}">${marks}${ends}</svg>`;
}

/** What stands below a chart when it is large. */
function axisEnds(left: string, right: string): Markup {
  return html`<text y=58>${left}</text><text x=150 y=58>${right}</text>`;
}

/** The threshold as the eye needs it beside a value: `of 0.1`; of a p-value the least. */
function bound({ metric, threshold }: FeatureSummary): Markup | false {
  if (threshold === null || metric === null) return false;
  return html` <i>${isTest(metric) ? "min" : "max"} ${figureText(threshold)}</i>`;
}

/** Whether a metric is a p-value, which breaches below its threshold. */
function isTest(metric: string): boolean {
  return metric.endsWith("Test");
}

/** A histogram of either kind as groups with names. */
function pairOf(histogram: NonNullable<FeatureResult["histogram"]>): PairedCounts {
  if (histogram.kind === "numerical")
    return { ...histogram, labels: binLabels(histogram.edges, histogram.baseline.length) };
  const { categories, baseline, production, others } = histogram;
  if (others.baseline === 0 && others.production === 0) return { labels: categories, baseline, production };
  return {
    labels: [...categories, "others"],
    baseline: [...baseline, others.baseline],
    production: [...production, others.production],
  };
}

/**
 * Shares of as many groups as fit a small chart: neighbouring bins become one; of categories the most
 * frequent ones are drawn, and not what the others make together, beside which they would be flat.
 */
function drawnShares(
  { baseline, production }: PairedCounts,
  kind: FeatureSummary["kind"],
  detail: Detail,
): { baseline: number[]; production: number[] } {
  const of = (counts: readonly number[]): number[] => {
    const shares = sharesOf(counts);
    if (kind === "categorical") return shares.slice(0, detail.maxCategories);
    const by = Math.ceil(shares.length / detail.maxBins);
    if (by <= 1) return shares;
    return Array.from({ length: Math.ceil(shares.length / by) }, (_, i) =>
      shares.slice(i * by, (i + 1) * by).reduce((sum, share) => sum + share, 0),
    );
  };
  return { baseline: of(baseline), production: of(production) };
}

/** What was computed, of how much, and how. */
function facts(summary: FeatureSummary, latest: FeatureResult | undefined, { isFull }: Detail): Markup {
  if (latest === undefined) return html`<p>${summary.reason ?? "no result"}`;
  const { rows, nullsDropped, effectSize, explainedBy, metrics } = latest;
  const told = metrics.filter(({ threshold }, i) => isFull || i === 0 || threshold !== null);
  const lines = told.map((metric) => html`<li>${metricFact(metric)}`);
  const counts = `${countText(rows.baseline)} rows before, ${countText(rows.production)} now`;
  const dropped =
    nullsDropped.baseline + nullsDropped.production > 0 &&
    `; without a value ${countText(nullsDropped.baseline)} and ${countText(nullsDropped.production)}`;
  return html`<ul>${lines}<li>${counts}${dropped}${
    effectSize !== null && html`<li>effect ${metricWords(effectSize.measure)} ${figureText(effectSize.value)}`
  }${summary.breachedWindows > 0 && html`<li>breach in ${summary.breachedWindows} of ${amountText(summary.judgedWindows, "window")}`}${
    summary.importance !== 1 && html`<li>importance ${figureText(summary.importance)}`
  }${
    explainedBy !== null &&
    html`<li>${shareText(explainedBy.share)} of it from ${name(explainedBy.column)} = ${name(explainedBy.value ?? "none")}`
  }${summary.reason !== null && html`<li>${summary.reason}`}</ul>`;
}

function metricFact(one: DriftMetricResult): Markup {
  const p = isTest(one.metric);
  return html`${metricWords(one.metric)} ${p && "p "}<b>${one.value === null ? "none" : figureText(one.value)}</b>${
    one.adjusted !== null && ` (adjusted ${figureText(one.adjusted)})`
  }${
    one.threshold !== null &&
    html`, ${p ? "at least" : "at most"} ${figureText(one.threshold)} (${one.thresholdSource ?? "no source"})`
  }, ${one.method}${one.maxError > 0 && ` ± ${figureText(one.maxError)}`}${
    one.statistic !== null && `, statistic ${figureText(one.statistic)}`
  }${one.chance !== null && `, by chance ${figureText(one.chance)}`}`;
}
