import type { MonitorResult } from "../../run/monitor-result.ts";
import type {
  JoinAccount,
  PerformanceMetric,
  PerformanceResult,
  PerformanceRow,
} from "../../run/performance-result.ts";
import { viewBox } from "../charts/box.ts";
import { lineMarks, lineText, thinned } from "../charts/time-line.ts";
import { countText, figureText, instantText, shareText, spanText } from "../markup/figures.ts";
import { type Content, html, type Markup, name, shortened } from "../markup/markup.ts";
import { table } from "../markup/table.ts";
import { metricWords, verdictMark } from "../markup/words.ts";

/**
 * So many windows and slices are listed, the latest windows and the largest slices; of classes, the first.
 */
const [maxWindows, maxSlices, maxClasses] = [24, 40, 20];

/** How good predictions were; undefined when nobody asked. */
export function performanceSection({ performance }: MonitorResult): Markup | undefined {
  if (performance === null) return undefined;
  const { task, actual, predicted, verdict } = performance;
  const all = performance.rows.filter(({ slice }) => slice === null);
  return html`<section id=performance><h2>Performance</h2><p class=lead>${verdictMark(verdict)} ${task}: ${name(predicted)} held against ${name(actual)}. Labels come late: coverage says for how many of the requests there are any.${all.some(({ estimated }) => estimated) && " Hollow marks are estimates, made before labels have come."}</p>${
    all.length > 1 && charts(all)
  }${measures("Performance by window", all.slice(-maxWindows))}${slices(performance)}${confusion(all)}${joinPart(performance.join)}</section>`;
}

function namesOf(rows: readonly PerformanceRow[]): string[] {
  return [...new Set(rows.flatMap(({ metrics }) => metrics.map(({ metric }) => metric)))];
}

function charts(rows: readonly PerformanceRow[]): Markup {
  const ends = [rows[0], rows.at(-1)].map((row) =>
    row === undefined ? "" : instantText(new Date(row.start)),
  );
  const figures = namesOf(rows).map((metric) => {
    const found = rows.map((row) => ({ row, one: row.metrics.find((each) => each.metric === metric) }));
    const threshold = found.findLast(({ one }) => one?.threshold != null)?.one?.threshold ?? null;
    const points = found.map(({ row, one }) => ({
      value: one?.value ?? null,
      breached: one?.breached === true,
      estimated: row.estimated,
    }));
    const line = thinned({ points, threshold }, 200);
    return html`<figure><figcaption>${metricWords(metric)}${threshold !== null && html` <small>threshold ${figureText(threshold)}</small>`}</figcaption><svg viewBox="${viewBox}" role=img aria-label="${lineText(line)}">${lineMarks(line)}</svg><p class=x><i>${ends[0]}</i><i>${ends[1]}</i></figure>`;
  });
  return html`<div class=charts>${figures}</div>`;
}

function measures(title: string, rows: readonly PerformanceRow[]): Markup {
  const names = namesOf(rows);
  const heads = [
    { title: rows.some(({ slice }) => slice !== null) ? "Slice" : "Window (UTC)" },
    ...["Pairs", "Labelled"].map((one) => ({ title: one, isFigure: true })),
    ...names.map((one) => ({ title: capital(metricWords(one)), isFigure: true })),
    { title: "Verdict" },
  ];
  const cells = rows.map((row): Content[] => [
    row.slice === null
      ? html`<span class=w>${spanText(new Date(row.start), new Date(row.end))}</span>`
      : html`${name(row.slice.column)} = ${name(row.slice.value ?? "none")}`,
    countText(row.rows),
    row.labelCoverage === null ? "" : shareText(row.labelCoverage),
    ...names.map((one) => cellOf(row.metrics.find(({ metric }) => metric === one))),
    html`${verdictMark(row.verdict)}${row.estimated && html` <small>estimated</small>`}${row.reason !== null && html` <small>${row.reason}</small>`}`,
  ]);
  return table(title, heads, cells);
}

function cellOf(metric: PerformanceMetric | undefined): Content {
  if (metric === undefined || metric.value === null) return "";
  if (!metric.breached) return figureText(metric.value);
  const bound = metric.threshold === null ? "" : `threshold ${figureText(metric.threshold)}`;
  return html`<b class="mark bad">${figureText(metric.value)}</b> <small>${bound}</small>`;
}

function slices({ rows }: PerformanceResult): Markup | false {
  const last = rows.findLast(({ slice }) => slice !== null);
  if (last === undefined) return false;
  const parts = rows
    .filter(({ slice, start }) => slice !== null && start === last.start)
    .sort((a, b) => b.rows - a.rows);
  return html`<h3>By slice <small>${spanText(new Date(last.start), new Date(last.end))}</small></h3>${measures(
    "Performance by slice",
    parts.slice(0, maxSlices),
  )}`;
}

/** The latest confusion matrix, each cell shaded by its share of the row, which is written in it as well. */
function confusion(rows: readonly PerformanceRow[]): Markup | false {
  const row = rows.findLast((one) => one.confusion !== null);
  if (row === undefined || row.confusion === null) return false;
  const classes = row.confusion.classes.slice(0, maxClasses);
  const left = row.confusion.classes.length - classes.length;
  const body = classes.map((label, i) => {
    const counts = row.confusion?.counts[i]?.slice(0, maxClasses) ?? [];
    const sum = row.confusion?.counts[i]?.reduce((total, count) => total + count, 0) ?? 0;
    const cells = counts.map((count, j) => {
      const share = sum > 0 ? count / sum : 0;
      return html`<td class="r${i === j && " hit"}" style="--s:${Math.round(share * 100)}%">${countText(count)} <small>${shareText(share)}</small>`;
    });
    return html`<tr><th scope=row>${shortened(label, 40)}${cells}`;
  });
  return html`<h3>Confusion <small>${spanText(new Date(row.start), new Date(row.end))}</small></h3><div class=scroll tabindex=0 role=region aria-label="Confusion matrix"><table class=matrix><caption>Rows are what was true, columns what was predicted; shares are of a row.</caption><thead><tr><td>${classes.map((label) => html`<th scope=col class=r>${shortened(label, 40)}`)}<tbody>${body}</table></div>${left > 0 && html`<p class=note>${countText(left)} more of the classes are not shown.`}`;
}

function joinPart(join: JoinAccount | null): Markup | false {
  if (join === null) return false;
  const { inputs, outputs, labels, counts } = join;
  const sides = [inputs, outputs, ...(labels === null ? [] : [labels])].map((one) => name(one));
  const rows = Object.entries(counts)
    .filter(([what, count]) => count > 0 || what === "matched")
    .map(([what, count]): Content[] => [joinWords(what), countText(count)]);
  return html`<h3 id=join>Join</h3><p>${sides.map((side, i) => html`${i > 0 && " with "}${side}`)}, by correlation id and row.${table(
    "Rows by what became of them",
    [{ title: "Rows" }, { title: "Count", isFigure: true }],
    rows,
  )}`;
}

/** `inputsOnly` as a person reads it. */
function joinWords(what: string): string {
  return capital(what.replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
