import type { BenchmarkResult } from "./benchmark.ts";
import { type Bound, bounds, type FigureName } from "./bounds.ts";
import { figure } from "./result-table.ts";

/** The benchmarks that {@link bounds} speaks of. */
export const gatedBenchmarks: readonly string[] = [...new Set(bounds.map(({ benchmark }) => benchmark))];

/** What a bound said of one run. */
export interface Judgement {
  readonly benchmark: string;
  readonly holds: boolean;
  /** For people: the ratio, and how far it may go. */
  readonly line: string;
}

/** Holds what was measured against the bounds of these benchmarks. */
export function judge(measured: ReadonlyMap<string, readonly BenchmarkResult[]>): readonly Judgement[] {
  return bounds
    .filter(({ benchmark }) => measured.has(benchmark))
    .map((bound) => judgeOne(bound, measured.get(bound.benchmark) ?? []));
}

function judgeOne(bound: Bound, results: readonly BenchmarkResult[]): Judgement {
  const { benchmark, atMost = Number.POSITIVE_INFINITY, atLeast = 0 } = bound;
  const ratio = medianOf(bound.figure, benchmark, results) / medianOf(bound.dividedBy, benchmark, results);
  // Not a comparison that NaN would pass.
  const holds = ratio >= atLeast && ratio <= atMost;
  const limit = Number.isFinite(atMost) ? `at most ${figure(atMost)}` : `at least ${figure(atLeast)}`;
  const what = `${benchmark}: ${textOf(bound.figure)} / ${textOf(bound.dividedBy)}`;
  return { benchmark, holds, line: `${holds ? "ok  " : "FAIL"} ${what} = ${figure(ratio)}, ${limit}` };
}

function medianOf(
  { name, metric }: FigureName,
  benchmark: string,
  results: readonly BenchmarkResult[],
): number {
  const result = results.find((other) => other.name === name && other.metric === metric);
  if (result === undefined)
    throw new Error(
      `bounds.ts: ${benchmark} has no result ${textOf({ name, ...(metric === undefined ? {} : { metric }) })}`,
    );
  return result.median;
}

function textOf({ name, metric }: FigureName): string {
  return metric === undefined ? name : `${name}, ${metric}`;
}
