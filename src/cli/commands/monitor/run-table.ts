import { amountText, countText, timeText } from "../../text/value-text.ts";
import type {
  CollectionResult,
  MonitorResult,
  SliceResult,
  WindowResult,
} from "../../../monitor/run/monitor-result.ts";
import { bold, dim, type Text } from "../../terminal.ts";
import { type TextColumn, textTable } from "../../text/text-table.ts";

const right = "right" as const;

/** A run for people: of each collection what it was compared with, a table, and what is to say. */
export function driftLines(result: MonitorResult, { width }: { readonly width: number }): Text[] {
  return result.collections.flatMap((one, i) => [
    ...(i === 0 ? [] : [""]),
    ...headLines(one, result),
    ...featureTable(one, width),
    ...sliceLines(one, width),
    ...attributionLines(one),
    ...noteLines(one),
  ]);
}

/** The same of what is wrong with values. */
export function qualityLines(result: MonitorResult, { width }: { readonly width: number }): Text[] {
  return result.collections.flatMap((one, i) => [
    ...(i === 0 ? [] : [""]),
    ...headLines(one, result),
    ...one.windows.flatMap((window) => qualityTable(window, one.windows.length > 1, width)),
    ...noteLines(one),
  ]);
}

function headLines(one: CollectionResult, { profile, rule }: MonitorResult): Text[] {
  const { baseline, windows } = one;
  const [first, last] = [windows[0], windows.at(-1)];
  const rows = windows.reduce((sum, { slices }) => sum + (slices[0]?.rows ?? 0), 0);
  const compared =
    baseline.start === null
      ? "the window before each"
      : `${spanText(baseline.start, baseline.end ?? "")} (${amountText(baseline.rows ?? 0, "row")})`;
  const notWhole = new Map<string, number>();
  for (const { completeness } of windows) {
    if (completeness === null || completeness.verdict === "complete") continue;
    const why = `${completeness.verdict}: ${completeness.reasons.join("; ")}`;
    notWhole.set(why, (notWhole.get(why) ?? 0) + 1);
  }
  return [
    bold(`${one.collection}: ${one.verdict}`),
    `${amountText(windows.length, "window")} ${spanText(first?.start ?? "", last?.end ?? "")} (${amountText(rows, "row")}) against ${compared}`,
    ...(one.read === "profiles" ? [dim("of all rows, by the profiles that are stored of them")] : []),
    dim(
      `profile ${profile}; a breach needs ${Math.min(rule.need, windows.length)} of the last ${amountText(Math.min(rule.of, windows.length), "window")}`,
    ),
    ...brokenLines(one),
    ...[...notWhole].map(([why, count]) => `not whole: ${amountText(count, "window")}: ${why}`),
  ];
}

/** What is not whole comes first: a pipe that broke looks like drift. */
function brokenLines({ windows }: CollectionResult): Text[] {
  const broken = new Map<string, { windows: number; reasons: readonly string[] }>();
  for (const { signals = [] } of windows)
    for (const { signal, verdict, reasons } of signals) {
      if (verdict !== "breach") continue;
      const windowsSoFar = broken.get(signal)?.windows ?? 0;
      broken.set(signal, { windows: windowsSoFar + 1, reasons });
    }
  return Array.from(broken, ([signal, { windows: count, reasons }]) =>
    bold(`${signal}: breach in ${amountText(count, "window")}: ${reasons.join("; ")}`),
  );
}

function featureTable({ features, windows }: CollectionResult, width: number): Text[] {
  if (features.length === 0) return [];
  const columns: TextColumn[] = [
    { title: "feature" },
    { title: "verdict" },
    { title: "metric" },
    { title: "value", align: right },
    { title: "threshold", align: right },
    { title: "windows", align: right },
    { title: "values", align: right },
    { title: "effect", align: right },
    { title: "from" },
    { title: "most in" },
  ];
  const latest = windows.at(-1)?.slices[0]?.features ?? [];
  const rows = features.map((summary) => {
    const now = latest.find(({ feature }) => feature === summary.feature);
    const metric = now?.metrics.find((one) => one.metric === summary.metric);
    const where = now?.explainedBy;
    return [
      summary.feature,
      summary.verdict,
      summary.metric ?? "",
      shown(metric?.value ?? null) +
        (metric !== undefined && metric.maxError > 0 ? ` ±${shown(metric.maxError)}` : ""),
      shown(summary.threshold),
      `${summary.breachedWindows} of ${summary.judgedWindows}`,
      now === undefined ? "" : countText(now.rows.production),
      shown(now?.effectSize?.value ?? null),
      metric?.thresholdSource ?? "",
      where == null ? "" : `${where.column}=${where.value ?? "null"} (${Math.round(where.share * 100)} %)`,
    ];
  });
  return textTable(columns, rows, { width });
}

/** The slices of the latest window. */
function sliceLines({ windows }: CollectionResult, width: number): Text[] {
  const [, ...slices] = windows.at(-1)?.slices ?? [];
  if (slices.length === 0) return [];
  const rows = slices.map((one) => [
    sliceText(one),
    one.verdict,
    countText(one.rows),
    one.features
      .filter(({ verdict }) => verdict === "breach")
      .map(({ feature }) => feature)
      .join(", "),
  ]);
  const columns: TextColumn[] = [
    ...[{ title: "slice" }, { title: "verdict" }, { title: "rows", align: right }, { title: "breached" }],
  ];
  return ["", ...textTable(columns, rows, { width })];
}

/** Whether the model goes by other features, and of those that matter most how they ranked and rank. */
function attributionLines({ attribution }: CollectionResult): Text[] {
  if (attribution === undefined) return [];
  const { metric, value, threshold, verdict, reason, features } = attribution;
  const asked = threshold === null ? "" : ` (at least ${shown(threshold)})`;
  const moved = features
    .slice(0, 10)
    .map(({ feature, rank }) => `${feature} ${rank.baseline} to ${rank.production}`);
  return [
    "",
    `attribution: ${verdict}: ${metric} ${shown(value)}${asked}${reason === null ? "" : `: ${reason}`}`,
    dim(`ranks of importance: ${moved.join(", ")}${features.length > moved.length ? ", …" : ""}`),
  ];
}

function sliceText({ slice }: SliceResult): string {
  return slice === null ? "all" : `${slice.column}=${slice.value ?? "null"}`;
}

function qualityTable(window: WindowResult, isOneOfMany: boolean, width: number): Text[] {
  const rows = window.slices.flatMap((slice) =>
    slice.quality.map((one) => [
      ...(window.slices.length > 1 ? [sliceText(slice)] : []),
      one.column,
      one.verdict,
      countText(one.rows),
      ...one.rates.map(({ value, baseline, threshold, breached }) =>
        value === null ? "" : `${shown(value)} (${shown(baseline + threshold)})${breached ? " !" : ""}`,
      ),
    ]),
  );
  if (rows.length === 0) return [];
  const columns: TextColumn[] = [
    ...(window.slices.length > 1 ? [{ title: "slice" }] : []),
    { title: "column" },
    { title: "verdict" },
    { title: "rows", align: right },
    ...["nulls", "wrong types", "out of bounds"].map((title) => ({ title, align: right })),
  ];
  const title = isOneOfMany ? ["", `window ${spanText(window.start, window.end)}`] : [];
  return [...title, ...textTable(columns, rows, { width })];
}

function noteLines({ reasons, skipped, features }: CollectionResult): Text[] {
  const unclear = features
    .filter(({ verdict }) => verdict === "insufficient data")
    .map(({ feature, reason }) => `insufficient data: ${feature}: ${reason ?? ""}`);
  const left = skipped.map(({ column, reason }) => `skipped: ${column}: ${reason}`);
  const lines = [...reasons.slice(0, 20), ...unclear.slice(0, 20), ...left.slice(0, 20)];
  const hidden = reasons.length + unclear.length + left.length - lines.length;
  return [
    ...(lines.length === 0 ? [] : ["", ...lines]),
    ...(hidden > 0 ? [`… and ${countText(hidden)} more: --json has all`] : []),
  ];
}

function spanText(start: string, end: string): string {
  return `${shortTime(start)} to ${shortTime(end)}`;
}

/** A time in UTC to the minute. */
function shortTime(time: string): string {
  return timeText(new Date(time)).slice(0, 16);
}

function shown(value: number | null): string {
  return value === null ? "" : String(Number(value.toPrecision(4)));
}
