import type { MonitorResult } from "../run/monitor-result.ts";
import { html, shortened } from "./markup/markup.ts";
import { style } from "./markup/style.ts";
import { attributionSection } from "./sections/attribution-section.ts";
import { completenessSection } from "./sections/completeness-section.ts";
import { driftSection } from "./sections/drift-section.ts";
import { performanceSection } from "./sections/performance-section.ts";
import { qualitySection } from "./sections/quality-section.ts";
import { unjudgedSection } from "./sections/unjudged-section.ts";
import { headline, verdictSection } from "./sections/verdict-section.ts";

/** Options of {@link reportHtml}. */
export interface ReportOptions {
  /** When the page is made: it says so. */
  readonly now: Date;
}

/**
 * What a monitor found, as one page of HTML that needs nothing else: no script, no font, no request. The
 * verdict comes first, then whether the data is whole, features by how much they have changed, how much
 * they matter, quality, performance, and what could not be judged. It is light or dark as the reader's
 * system is, and prints.
 *
 * Every value is escaped, and the page forbids scripts and requests by its own policy. Equal results at the
 * same `now` give equal bytes. With 1,000 features it is smaller than a megabyte: then charts have fewer
 * windows and categories.
 *
 * @example
 * ```ts
 * import { writeFile } from "node:fs/promises";
 * import { type MonitorResult, reportHtml } from "model-data-collector/monitor";
 *
 * async function writeReport(result: MonitorResult): Promise<void> {
 *   await writeFile("report.html", reportHtml(result, { now: new Date() }));
 * }
 * ```
 */
export function reportHtml(result: MonitorResult, { now }: ReportOptions): string {
  const sections = [
    completenessSection(result),
    driftSection(result),
    attributionSection(result),
    qualitySection(result),
    performanceSection(result),
    unjudgedSection(result),
  ];
  const title = `${headline(result)}: ${shortened(result.store, 60)}`;
  return html`<!doctype html>
<html lang=en>
<meta charset=utf-8>
<meta name=viewport content="width=device-width">
<meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name=color-scheme content="light dark">
<link rel=icon href=data:,>
<title>${title}</title>
${style}
<a class=skip href=#main>To the findings</a>
${verdictSection(result, now)}
<main id=main>
${sections.map((section) => section !== undefined && html`${section}\n`)}</main>
</html>
`.text;
}
