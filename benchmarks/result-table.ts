import type { BenchmarkResult } from "./benchmark.ts";

/** The results as aligned text. Throws when a result is compared with one that is not there. */
export function resultTable(results: readonly BenchmarkResult[]): string {
  const singles = results.filter(({ metric }) => metric === undefined);
  const tables = singles.length === 0 ? [] : [singlesTable(singles)];
  const names = [...new Set(results.filter(({ metric }) => metric !== undefined).map(({ name }) => name))];
  const groups: { metrics: string[]; names: string[] }[] = [];
  for (const name of names) {
    const metrics = results.flatMap((result) => (result.name === name ? [result.metric ?? ""] : []));
    const last = groups.at(-1);
    // Results side by side share a table unless they measure different things; one may lack a metric of the
    // other.
    if (last !== undefined && isSubset(metrics, last.metrics)) last.names.push(name);
    else if (last !== undefined && isSubset(last.metrics, metrics))
      Object.assign(last, { metrics, names: [...last.names, name] });
    else groups.push({ metrics, names: [name] });
  }
  return [...tables, ...groups.map((group) => metricsTable(group, results))].map(aligned).join("\n\n");
}

function isSubset(some: readonly string[], all: readonly string[]): boolean {
  return some.every((one) => all.includes(one));
}

/** A line for each name, a column for each metric. */
function metricsTable(
  { metrics, names }: { readonly metrics: readonly string[]; readonly names: readonly string[] },
  results: readonly BenchmarkResult[],
): string[][] {
  const find = (name: string | undefined, metric: string): BenchmarkResult | undefined =>
    results.find((result) => result.name === name && result.metric === metric);
  const heads = metrics.map((metric) => {
    const unit = names.map((name) => find(name, metric)?.unit).find((text) => text !== undefined) ?? "";
    return `${metric} ${unit}`.trim();
  });
  const lines = names.map((name) => [
    name,
    ...metrics.map((metric) => {
      const result = find(name, metric);
      return result === undefined ? "" : `${figure(result.median)}${shortRatio(result, results)}`;
    }),
  ]);
  return [["", ...heads], ...lines];
}

function singlesTable(results: readonly BenchmarkResult[]): string[][] {
  const lines = results.map((result) => {
    const { name, unit, median, min, max, runs, ratioTo } = result;
    const ratio = ratioTo === undefined ? "" : `${figure(ratioOf(result, results))} × ${ratioTo}`;
    return [name, `${figure(median)} ${unit}`, figure(min), figure(max), String(runs), ratio];
  });
  return [["", "median", "min", "max", "runs", ""], ...lines];
}

/** Columns of figures to the right, text to the left. */
function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  const texts = widths.map((_, column) =>
    lines.slice(1).every((cells) => !/^-?\d/.test(cells[column] ?? "")),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) =>
          texts[column] ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function shortRatio(result: BenchmarkResult, all: readonly BenchmarkResult[]): string {
  if (result.ratioTo === undefined) return "";
  const ratio = ratioOf(result, all);
  return Number.isNaN(ratio) ? "" : ` (${figure(ratio)}×)`;
}

/** A result's median divided by that of the one it is compared with; NaN when that one lacks this metric. */
function ratioOf(
  { name, metric, median, ratioTo }: BenchmarkResult,
  all: readonly BenchmarkResult[],
): number {
  const others = all.filter((result) => result.name === ratioTo);
  if (others.length === 0) throw new Error(`${name}: expected ratioTo to name a result, got "${ratioTo}"`);
  return median / (others.find((other) => other.metric === metric)?.median ?? Number.NaN);
}

/** Three significant digits, without an exponent. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
