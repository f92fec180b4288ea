import type {
  CollectionResult,
  MonitorResult,
  QualityRate,
  QualityResult,
} from "../../run/monitor-result.ts";
import { amountText, countText, shareText, spanText } from "../markup/figures.ts";
import { type Content, html, type Markup, name } from "../markup/markup.ts";
import { table } from "../markup/table.ts";
import { verdictMark } from "../markup/words.ts";
import { allRows, latestWindow } from "./page-data.ts";

/** So many columns are listed of each collection. */
const maxColumns = 200;
const metrics = ["NullValueRate", "DataTypeErrorRate", "OutOfBoundsRate"] as const;

/** What is wrong with values, held against the baseline; undefined when nobody asked. */
export function qualitySection({ collections }: MonitorResult): Markup | undefined {
  const parts = collections.flatMap((collection) => part(collection, collections.length > 1) ?? []);
  if (parts.length === 0) return undefined;
  return html`<section id=quality><h2>Quality</h2><p class=lead>Shares of rows of the latest window: without a value, of another type than the baseline's, outside its range or its set of texts. A breach is a rate above the baseline's own and the threshold.</p>${parts}</section>`;
}

function part(collection: CollectionResult, isOneOfMany: boolean): Markup | undefined {
  const window = latestWindow(collection);
  const columns = (window && allRows(window)?.quality) ?? [];
  if (window === undefined || columns.length === 0) return undefined;
  const wrong = columns
    .filter(isWorthTelling)
    .sort((a, b) => rankOf(b) - rankOf(a) || (a.column < b.column ? -1 : 1));
  const shown = wrong.slice(0, maxColumns);
  const left = columns.length - shown.length;
  const title = `Quality of ${collection.collection}, ${spanText(new Date(window.start), new Date(window.end))}`;
  const heads = [
    { title: "Column" },
    ...["Without a value", "Wrong type", "Out of bounds"].map((one) => ({ title: one, isFigure: true })),
    { title: "Rows", isFigure: true },
    { title: "Verdict" },
  ];
  const rows = shown.map((one): Content[] => [
    name(one.column),
    ...metrics.map((metric) => rateCell(one.rates.find((rate) => rate.metric === metric))),
    countText(one.rows),
    html`${verdictMark(one.verdict)}${one.reason !== null && html` <small>${one.reason}</small>`}`,
  ]);
  return html`${isOneOfMany && html`<h3>${name(collection.collection)}</h3>`}${
    rows.length > 0 && table(title, heads, rows)
  }${left > 0 && html`<p class=note>${amountText(left, "column")}${rows.length > 0 && " more"}: ${wrong.length > shown.length ? "not listed" : "nothing is wrong"}.`}`;
}

/** Columns in which nothing is wrong are only counted. */
function isWorthTelling({ verdict, rates }: QualityResult): boolean {
  return verdict !== "pass" || rates.some(({ value }) => (value ?? 0) > 0);
}

function rankOf({ verdict, rates }: QualityResult): number {
  return (verdict === "breach" ? 10 : 0) + Math.max(0, ...rates.map(({ value }) => value ?? 0));
}

function rateCell(rate: QualityRate | undefined): Content {
  if (rate === undefined || rate.value === null) return "";
  if (!rate.breached) return rate.value === 0 ? "0" : shareText(rate.value);
  const bound = shareText(rate.baseline + rate.threshold);
  return html`<b class="mark bad">${shareText(rate.value)}</b> <small>at most ${bound} (${rate.thresholdSource})</small>`;
}
