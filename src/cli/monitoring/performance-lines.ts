import type { PerformanceResult, PerformanceRow } from "../../monitor/run/performance-result.ts";
import { countOf } from "../../base/plural.ts";
import { dim, type Text } from "../terminal.ts";
import { textTable } from "../text/text-table.ts";
import { countText, timeText } from "../text/value-text.ts";

/**
 * A line for each window and slice, what they say together, and what became of rows that could not be joined.
 */
export function performanceLines(
  { rows, task, verdict, actual, predicted, join }: PerformanceResult,
  { width }: { readonly width: number },
): Text[] {
  const right = "right" as const;
  const names = [...new Set(rows.flatMap(({ metrics }) => metrics.map(({ metric }) => metric)))];
  const sliced = rows.some(({ slice }) => slice !== null);
  const columns = [
    { title: "window (UTC)" },
    ...(sliced ? [{ title: rows.find(({ slice }) => slice !== null)?.slice?.column ?? "" }] : []),
    { title: "verdict" },
    ...["rows", "labelled"].map((title) => ({ title, align: right })),
    ...names.map((title) => ({ title, align: right })),
  ];
  const cells = rows.map((row) => [
    windowText(row),
    ...(sliced ? [sliceText(row)] : []),
    row.estimated ? `${row.verdict} (estimated)` : row.verdict,
    countText(row.rows),
    row.labelCoverage === null ? "" : `${(100 * row.labelCoverage).toFixed(1)}%`,
    ...names.map((name) => metricText(row, name)),
  ]);
  const reasons = rows.flatMap((row) =>
    row.reason === null || row.slice !== null ? [] : [`${windowText(row)}: ${row.verdict}: ${row.reason}`],
  );
  return [
    ...textTable(columns, cells, { width }),
    "",
    `${task} of ${predicted} by ${actual}: ${verdict}${windowsText(rows)}`,
    ...reasons,
    ...(join === null ? [] : [dim(`joined: ${joinText(join.counts)}`)]),
  ];
}

/** How many windows breach, where there are several: one that does makes no verdict. */
function windowsText(rows: readonly PerformanceRow[]): string {
  const windows = rows.filter(({ slice }) => slice === null);
  const breached = windows.filter(({ verdict }) => verdict === "breach").length;
  if (windows.length < 2 || breached === 0) return "";
  return ` (beyond a threshold: ${breached} of ${countOf(windows.length, "window")})`;
}

function windowText({ start, end }: PerformanceRow): string {
  const text = (time: string): string =>
    timeText(new Date(time))
      .slice(0, 16)
      .replace(/ 00:00$/, "");
  return `${text(start)} to ${text(end)}`;
}

function sliceText({ slice }: PerformanceRow): string {
  return slice === null ? "(all)" : (slice.value ?? "(none)");
}

/** Four digits, and a mark where it is beyond its threshold. */
function metricText({ metrics }: PerformanceRow, name: string): string {
  const found = metrics.find(({ metric }) => metric === name);
  if (found === undefined || found.value === null) return "";
  return `${Number(found.value.toPrecision(4))}${found.breached ? "!" : ""}`;
}

function joinText(counts: Readonly<Record<string, number>>): string {
  const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.entries(counts)
    .map(([name, count]) => `${words(name)} ${countText(count)}`)
    .join(", ");
}
