import type { MonitorResult } from "../../run/monitor-result.ts";
import { amountText } from "../markup/figures.ts";
import { type Content, html, type Markup, name } from "../markup/markup.ts";
import { table } from "../markup/table.ts";
import { verdictMark } from "../markup/words.ts";

/** So many are listed of each collection. */
const maxListed = 200;

/** What nothing could be said of, and why; undefined when all was judged. */
export function unjudgedSection({ collections }: MonitorResult): Markup | undefined {
  const parts = collections.flatMap(({ collection, features, skipped }) => {
    const rows = [
      ...features
        .filter(({ verdict }) => verdict === "insufficient data" || verdict === "skipped")
        .map(({ feature, verdict, reason }): Content[] => [
          name(feature),
          verdictMark(verdict),
          reason ?? "no reason was given",
        ]),
      ...skipped.map(({ column, reason }): Content[] => [name(column), verdictMark("skipped"), reason]),
    ];
    if (rows.length === 0) return [];
    const left = rows.length - maxListed;
    return html`${collections.length > 1 && html`<h3>${name(collection)}</h3>`}${table(
      `Not judged in ${collection}`,
      [{ title: "Column" }, { title: "Verdict" }, { title: "Why" }],
      rows.slice(0, maxListed),
    )}${left > 0 && html`<p class=note>${amountText(left, "column")} more.`}`;
  });
  if (parts.length === 0) return undefined;
  return html`<section id=unjudged><h2>Not judged</h2><p class=lead>Too little data is an answer; it is no pass.</p>${parts}</section>`;
}
