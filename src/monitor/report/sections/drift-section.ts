import type { CollectionResult, MonitorResult } from "../../run/monitor-result.ts";
import { amountText, countText, instantText, spanText } from "../markup/figures.ts";
import { type Content, html, type Markup, name } from "../markup/markup.ts";
import { table } from "../markup/table.ts";
import { listText, verdictMark } from "../markup/words.ts";
import { featureItem } from "./feature-item.ts";
import { detailOf, FeatureHistory, latestWindow } from "./page-data.ts";
import { baselineText } from "./verdict-section.ts";

/** So many slices are listed of each collection, the largest ones. */
const maxSlices = 40;

/** Whether features have changed, those that matter most first. */
export function driftSection(result: MonitorResult): Markup {
  const detail = detailOf(result);
  let isFirst = true;
  const parts = result.collections.map((collection) => {
    const history = new FeatureHistory(collection);
    const judged = collection.features.filter(({ verdict }) => verdict === "breach" || verdict === "pass");
    const [first, last] = [collection.windows[0], collection.windows.at(-1)].map((window) =>
      window === undefined ? "" : instantText(new Date(window.start)),
    );
    const items = judged.map((summary) => {
      const { feature, verdict } = summary;
      const shown = { summary, latest: history.latest(feature), line: history.line(summary) };
      const ends = [first ?? "", last ?? ""] as const;
      const isOpen = isFirst && verdict === "breach";
      isFirst = false;
      return featureItem({ ...shown, ends, isOpen }, detail);
    });
    return html`<h3>${name(collection.collection)} <small>against ${baselineText(collection)}</small></h3>${
      items.length === 0
        ? html`<p>No feature could be judged.`
        : html`<p class=heads aria-hidden=true><span>Feature</span><span>Distribution</span><span>By window</span><span>Latest</span><span>Verdict</span></p><ol class="features${items.length > 100 && " many"}">${items}</ol>`
    }${slices(collection)}`;
  });
  return html`<section id=drift><h2>Drift</h2><p class=lead>Ranked: breaches first, then by how far a feature is towards its threshold and how much it matters. Open a line to see what was computed, of how much, and how. <span class=key><svg viewBox="0 0 24 12" aria-hidden=true><path class=p d="M1 12V3h22v9"/></svg> baseline</span> <span class=key><svg viewBox="0 0 24 12" aria-hidden=true><path class=q d="M1 12V3h22v9z"/></svg> production</span> <span class=key><svg viewBox="0 0 24 12" aria-hidden=true><path class=t d="M0 6h24"/></svg> threshold</span> <span class=key><svg viewBox="0 0 24 12" aria-hidden=true><path class=s d="M12 6h0"/></svg> breach</span></p>${parts}</section>`;
}

/** What the latest window says of each slice. */
function slices(collection: CollectionResult): Markup | false {
  const window = latestWindow(collection);
  const parts = window?.slices.filter(({ slice }) => slice !== null) ?? [];
  if (window === undefined || parts.length === 0) return false;
  const rows = parts.slice(0, maxSlices).map(({ slice, rows: count, verdict, features }): Content[] => {
    const breached = features.filter((one) => one.verdict === "breach").map(({ feature }) => feature);
    return [
      html`${name(slice?.column ?? "")} = ${name(slice?.value ?? "none")}`,
      countText(count),
      verdictMark(verdict),
      listText(breached, 4),
    ];
  });
  const title = `Slices of ${collection.collection}, ${spanText(new Date(window.start), new Date(window.end))}`;
  const left = parts.length - rows.length;
  return html`<h4>By slice</h4>${table(
    title,
    [{ title: "Slice" }, { title: "Rows", isFigure: true }, { title: "Verdict" }, { title: "Drifted" }],
    rows,
  )}${left > 0 && html`<p class=note>${amountText(left, "smaller slice")} not listed.`}`;
}
