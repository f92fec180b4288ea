import type { CompletenessSignalName } from "../../completeness/completeness-signal.ts";
import type { MonitorResult, WindowCompleteness, WindowResult } from "../../run/monitor-result.ts";
import { amountText, countText, figureText, shareText, spanText } from "../markup/figures.ts";
import { type Content, html, type Markup, name, shortened } from "../markup/markup.ts";
import { table } from "../markup/table.ts";
import { stateMark, verdictMark } from "../markup/words.ts";
import { allRows } from "./page-data.ts";

/** So many windows are listed of each collection: all that are not whole, then the latest. */
const maxWindows = 30;

/** Whether the data is whole: what is not may look like drift. */
export function completenessSection({ collections }: MonitorResult): Markup {
  const parts = collections.map(({ collection, windows }) => {
    const shown = shownOf(windows);
    const left = windows.length - shown.length;
    const rows = shown.map((window) => rowOf(window));
    const columns = [
      { title: "Window (UTC)" },
      { title: "Whole" },
      ...["Rows", "Offered", "Stored", "Left out", "Dropped", "Pending", "Lost"].map((title) => ({
        title,
        isFigure: true,
      })),
      { title: "Drift" },
    ];
    const signals = windows.findLast((one) => one.signals !== undefined);
    const reasons = [...new Set(windows.flatMap((one) => one.completeness?.reasons ?? []))];
    return html`${collections.length > 1 && html`<h3>${name(collection)}</h3>`}${table(
      `Windows of ${collection}`,
      columns,
      rows,
    )}${left > 0 && html`<p class=note>${amountText(left, "earlier window")} that are whole are not listed.`}${
      reasons.length > 0 &&
      html`<ul class=reasons>${reasons.slice(0, 20).map((reason) => html`<li>${reason}`)}</ul>`
    }${signals && signalTable(signals)}`;
  });
  return html`<section id=completeness><h2>Completeness</h2><p class=lead>What was offered to the collectors in each window, and what became of it, in frames. Look here first: a broken pipe looks like drift.</p>${parts}</section>`;
}

function shownOf(windows: readonly WindowResult[]): WindowResult[] {
  const broken = windows.filter(({ completeness }) => isBroken(completeness)).slice(-maxWindows);
  const latest = windows.slice(Math.max(0, windows.length - Math.max(8, maxWindows - broken.length)));
  const kept = new Set([...broken, ...latest]);
  return windows.filter((window) => kept.has(window));
}

function isBroken(completeness: WindowCompleteness | null): boolean {
  return completeness?.verdict === "short" || completeness?.verdict === "unknown";
}

function rowOf(window: WindowResult): Content[] {
  const { start, end, completeness, verdict } = window;
  const figures: string[] =
    completeness === null
      ? ["", "", "", "", "", ""]
      : [
          completeness.offered,
          completeness.stored,
          completeness.sampledOut + completeness.disabled,
          completeness.dropped,
          completeness.pending,
          completeness.unaccounted,
        ].map(countText);
  const mark =
    completeness === null
      ? stateMark("unknown", "no ledger")
      : stateMark(
          isBroken(completeness) ? "bad" : completeness.verdict === "complete" ? "good" : "unknown",
          completeness.verdict,
        );
  return [
    html`<span class=w>${spanText(new Date(start), new Date(end))}</span>`,
    mark,
    countText(allRows(window)?.rows ?? 0),
    ...figures,
    verdictMark(verdict),
  ];
}

/** What each signal of a window says. */
function signalTable({ start, end, signals = [] }: WindowResult): Markup {
  const rows = signals.map(({ signal, value, min, max, verdict, reasons }): Content[] => [
    signal,
    value === null ? "" : signalValue(signal, value),
    [
      min === null ? "" : `at least ${signalValue(signal, min)}`,
      max === null ? "" : `at most ${signalValue(signal, max)}`,
    ]
      .filter((bound) => bound !== "")
      .join(", "),
    verdictMark(verdict),
    reasons.map((reason) => shortened(reason)).join("; "),
  ]);
  return table(
    `Signals of the latest window, ${spanText(new Date(start), new Date(end))}`,
    [
      { title: "Signal" },
      { title: "Value", isFigure: true },
      { title: "Bound" },
      { title: "Verdict" },
      { title: "Why" },
    ],
    rows,
  );
}

const shares: ReadonlySet<CompletenessSignalName> = new Set([
  "volume",
  "lost",
  "untold",
  "rejected",
  "labels",
]);

function signalValue(signal: CompletenessSignalName, value: number): string {
  if (signal === "freshness") return `${figureText(value / 3_600_000)} h`;
  return shares.has(signal) ? shareText(value) : countText(value);
}
