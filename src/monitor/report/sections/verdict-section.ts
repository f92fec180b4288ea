import type {
  BaselineUsed,
  CollectionResult,
  MonitorResult,
  QualityResult,
  WindowCompleteness,
  WindowResult,
} from "../../run/monitor-result.ts";
import { amountText, countText, figureText, instantText, shareText, spanText } from "../markup/figures.ts";
import { type Content, html, type Markup, name, shortened } from "../markup/markup.ts";
import { listText, metricWords, type State, stateOf } from "../markup/words.ts";
import { worstVerdict } from "../../run/judging/judge.ts";
import { allRows, latestWindow } from "./page-data.ts";

/** A signal: one line of the summary. */
interface Signal {
  readonly id: string;
  readonly title: string;
  readonly state: State;
  readonly text: string;
}

/** What the page is about, said first: the verdict, a line for each signal, and what was looked at. */
export function verdictSection(result: MonitorResult, now: Date): Markup {
  const signals = [
    completenessSignal(result),
    driftSignal(result),
    attributionSignal(result),
    qualitySignal(result),
    performanceSignal(result),
  ].filter((signal) => signal !== undefined);
  return html`<header class="top ${stateOf(result.verdict)}"><p class=kind>Monitor report</p><h1>${headline(result)}</h1>
<ul class=signals>${signals.map(
    ({ id, title, state, text }) =>
      html`<li><a href="#${id}"><b class="mark ${state}">${title}</b></a><span>${text}</span>`,
  )}</ul>
<dl class=facts>${facts(result, now).map(([term, told]) => html`<div><dt>${term}<dd>${told}</div>`)}</dl></header>`;
}

/** The verdict in a sentence. */
export function headline({ verdict, collections, performance }: MonitorResult): string {
  if (verdict === "insufficient data" || verdict === "skipped") return "Too little data to say";
  const features = collections.flatMap((one) => one.features);
  const judged = features.filter((one) => one.verdict === "pass" || one.verdict === "breach").length;
  const drifted = features.filter((one) => one.verdict === "breach").length;
  const beyond = [
    ...(brokenSignals(collections).length > 0 ? ["completeness"] : []),
    ...(collections.some(({ attribution }) => attribution?.breached === true) ? ["attribution"] : []),
    ...(drifted === 0 && poorColumns(collections).length > 0 ? ["quality"] : []),
    ...(performance?.verdict === "breach" ? ["performance"] : []),
  ];
  const text = `${listText(beyond)} ${beyond.length === 1 ? "is" : "are"} out of bounds`;
  if (drifted > 0) {
    const drift = `${countText(drifted)} of ${amountText(judged, "feature")} drifted`;
    return beyond.length > 0 ? `${drift}, and ${text}` : drift;
  }
  if (beyond.length > 0) return text.charAt(0).toUpperCase() + text.slice(1);
  if (verdict === "breach") return "Thresholds were breached";
  return judged > 0 ? `No drift in ${amountText(judged, "feature")}` : "All within bounds";
}

/** The signals of completeness that the latest windows breach. */
function brokenSignals(collections: readonly CollectionResult[]): string[] {
  return collections.flatMap((one) => {
    const signals = one.windows.findLast((window) => window.signals !== undefined)?.signals ?? [];
    return signals.flatMap(({ signal, verdict }) => (verdict === "breach" ? signal : []));
  });
}

/** The columns in which more is wrong than before, in the latest windows. */
function poorColumns(collections: readonly CollectionResult[]): string[] {
  return qualityOf(collections).flatMap(({ column, verdict }) => (verdict === "breach" ? column : []));
}

function qualityOf(collections: readonly CollectionResult[]): QualityResult[] {
  return collections.flatMap((one) => {
    const window = latestWindow(one);
    return (window && allRows(window)?.quality) ?? [];
  });
}

function completenessSignal({ collections }: MonitorResult): Signal | undefined {
  const windows = collections.flatMap((one) => one.windows.flatMap((each) => each.completeness ?? []));
  const breached = brokenSignals(collections);
  if (windows.length === 0 && breached.length === 0) return undefined;
  const bad = windows.filter(({ verdict }) => verdict === "short" || verdict === "unknown");
  const isBad = bad.length > 0 || breached.length > 0;
  const about = { id: "completeness", title: "Completeness", state: isBad ? "bad" : "good" } as const;
  if (!isBad) return { ...about, text: `${wholeText(windows.length)}: ${storedText(windows)}` };
  const reasons = [...new Set(bad.flatMap((one) => one.reasons))].map((one) => shortened(one, 80));
  const short = `${countText(bad.length)} of ${amountText(windows.length, "window")} not whole`;
  const told = [
    ...(bad.length > 0 ? [reasons.length > 0 ? `${short}: ${listText(reasons)}` : short] : []),
    ...(breached.length > 0 ? [`out of bounds: ${listText([...new Set(breached)])}`] : []),
  ];
  return { ...about, text: told.join("; ") };
}

function wholeText(windows: number): string {
  return windows === 1 ? "the window is whole" : `all ${countText(windows)} windows are whole`;
}

function storedText(windows: readonly WindowCompleteness[]): string {
  const sum = (of: (one: WindowCompleteness) => number): number =>
    windows.reduce((total, one) => total + of(one), 0);
  const stored = `${countText(sum((one) => one.stored))} of ${amountText(
    sum((one) => one.offered),
    "frame",
  )} stored`;
  const leftOut = sum((one) => one.sampledOut + one.disabled);
  return leftOut > 0 ? `${stored}, ${countText(leftOut)} left out by rate or switch` : stored;
}

function driftSignal({ collections }: MonitorResult): Signal | undefined {
  const features = collections.flatMap((one) => one.features);
  if (features.length === 0) return undefined;
  const drifted = features.filter(({ verdict }) => verdict === "breach");
  const judged = features.filter(({ verdict }) => verdict === "pass" || verdict === "breach");
  const state = drifted.length > 0 ? "bad" : judged.length > 0 ? "good" : "unknown";
  const unjudged = features.length - judged.length;
  const apart = unjudged > 0 ? `; ${countText(unjudged)} not judged` : "";
  return {
    id: "drift",
    title: "Drift",
    state,
    text:
      drifted.length > 0
        ? `${listText(drifted.map(({ feature }) => shortened(feature, 40)))}${apart}`
        : `${judged.length === 0 ? "nothing could be judged" : `${amountText(judged.length, "feature")} within bounds`}${apart}`,
  };
}

function attributionSignal({ collections }: MonitorResult): Signal | undefined {
  const found = collections.flatMap(({ attribution }) => attribution ?? []);
  const least = found.toSorted((a, b) => a.value - b.value)[0];
  if (least === undefined) return undefined;
  const verdict = worstVerdict(found.map((one) => one.verdict)) ?? "skipped";
  const text = `${metricWords(least.metric)} ${figureText(least.value)}`;
  const told = least.breached ? ` (out of bounds)` : "";
  return { id: "attribution", title: "Attribution", state: stateOf(verdict), text: `${text}${told}` };
}

function qualitySignal({ collections }: MonitorResult): Signal | undefined {
  const columns = qualityOf(collections);
  if (columns.length === 0) return undefined;
  const poor = poorColumns(collections).map((column) => shortened(column, 40));
  const about = { id: "quality", title: "Quality" };
  if (poor.length === 0)
    return { ...about, state: "good", text: `${amountText(columns.length, "column")} within bounds` };
  return { ...about, state: "bad", text: `${listText(poor)}: more is wrong than before` };
}

function performanceSignal({ performance }: MonitorResult): Signal | undefined {
  if (performance === null) return undefined;
  const rows = performance.rows.filter(({ slice, metrics }) => slice === null && metrics.length > 0);
  // What was measured counts for more than what is estimated of later windows.
  const last = rows.findLast(({ estimated }) => !estimated) ?? rows.at(-1);
  const told = last?.metrics
    .filter((one) => one.value !== null)
    .slice(0, 3)
    .map(
      (one) =>
        `${metricWords(one.metric)} ${figureText(one.value as number)}${one.breached ? " (out of bounds)" : ""}`,
    );
  const coverage =
    last?.labelCoverage == null ? "" : `; labels for ${shareText(last.labelCoverage)} of the requests`;
  return {
    id: "performance",
    title: "Performance",
    state: stateOf(performance.verdict),
    text:
      told === undefined
        ? "no labels yet"
        : `${last?.estimated === true ? "estimated: " : ""}${listText(told)}${coverage}`,
  };
}

function facts(result: MonitorResult, now: Date): (readonly [string, Content])[] {
  const { collections, store, profile, rule, software, ranAt } = result;
  const rows = collections.flatMap((one) => one.windows.flatMap((window) => allRows(window) ?? []));
  const stored = rows.reduce((sum, one) => sum + one.rows, 0);
  const weighted = rows.reduce((sum, one) => sum + one.weightedRows, 0);
  return [
    ["Store", name(store)],
    ["Collections", collections.map(({ collection }, i) => html`${i > 0 && ", "}${name(collection)}`)],
    ["Windows", windowsText(collections)],
    ["Baseline", [...new Set(collections.map(({ baseline }) => baselineSpan(baseline)))].join("; ")],
    [
      "Rows",
      weighted > stored ? `${countText(stored)}, standing for ${countText(weighted)}` : countText(stored),
    ],
    ["Rule", `a breach is one in ${rule.need} of the last ${amountText(rule.of, "window")}`],
    ["Profile", profile],
    ["Ran", `${instantText(new Date(ranAt))} UTC, ${software}`],
    ["Page", `${instantText(now)} UTC`],
  ];
}

function windowsText(collections: readonly CollectionResult[]): string {
  const windows: readonly WindowResult[] = collections.flatMap((one) => one.windows);
  const starts = windows.map(({ start }) => start).sort();
  const ends = windows.map(({ end }) => end).sort();
  const [first, last] = [starts[0], ends.at(-1)];
  if (first === undefined || last === undefined) return "none";
  const most = Math.max(...collections.map((one) => one.windows.length));
  return `${amountText(most, "window")}, ${spanText(new Date(first), new Date(last))}`;
}

/** What was compared with, for people. */
export function baselineText({ baseline }: CollectionResult): string {
  const { from, collection, rows } = baseline;
  if (from === "previous") return baselineSpan(baseline);
  const count = rows === null ? "" : `, ${amountText(rows, "row")}`;
  return `${shortened(collection, 60)}, ${baselineSpan(baseline)}${count}`;
}

function baselineSpan({ from, start, end }: BaselineUsed): string {
  if (from === "previous") return "the window before each";
  const span = start === null || end === null ? "unknown" : spanText(new Date(start), new Date(end));
  return from === "file" ? `kept, of ${span}` : span;
}
