import type { CollectionResult, MonitorResult } from "../../run/monitor-result.ts";
import { amountText, countText, figureText } from "../markup/figures.ts";
import { type Content, html, type Markup, name } from "../markup/markup.ts";
import { table } from "../markup/table.ts";
import { metricWords, verdictMark } from "../markup/words.ts";

/** So many features are listed of each collection, those that matter most in the baseline. */
const maxFeatures = 20;

/** Whether the model goes by other features than it did; undefined when nobody asked. */
export function attributionSection({ collections }: MonitorResult): Markup | undefined {
  const parts = collections.flatMap((collection) => part(collection, collections.length > 1) ?? []);
  if (parts.length === 0) return undefined;
  return html`<section id=attribution><h2>Attribution</h2><p class=lead>How much each feature matters to the model, then and now, as it was given. 1 is when production ranks the features as the baseline does; the ranks of those that matter most count for more.</p>${parts}</section>`;
}

function part({ collection, attribution }: CollectionResult, isOneOfMany: boolean): Markup | undefined {
  if (attribution === undefined) return undefined;
  const { metric, value, threshold, verdict, reason, features } = attribution;
  const asked = threshold === null ? "" : `, at least ${figureText(threshold)}`;
  const shown = features.slice(0, maxFeatures);
  const left = features.length - shown.length;
  const rows = shown.map(({ feature, importance, rank }): Content[] => [
    name(feature),
    ...[figureText(importance.baseline), countText(rank.baseline)],
    ...[figureText(importance.production), countText(rank.production)],
  ]);
  const heads = [
    { title: "Feature" },
    ...["Baseline", "Rank", "Production", "Rank now"].map((title) => ({ title, isFigure: true })),
  ];
  return html`${isOneOfMany && html`<h3>${name(collection)}</h3>`}<p>${verdictMark(verdict)} ${metricWords(metric)} ${figureText(value)}${asked}${reason !== null && html` <small>${reason}</small>`}${table(
    `Importances of ${collection}`,
    heads,
    rows,
  )}${left > 0 && html`<p class=note>${amountText(left, "feature")} that matter less not listed.`}`;
}
