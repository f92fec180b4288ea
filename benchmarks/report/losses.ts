import type { BenchmarkResult } from "../benchmark.ts";
import { number, times } from "./format.ts";

/** Differences smaller than this are the machine's. */
const noise = 1.05;

/**
 * Sentences on the rivals that did better than ours in one figure. `what` reads like `in CPU while serving`.
 */
export function lossesOf(
  what: string,
  own: BenchmarkResult | undefined,
  rivals: readonly { readonly name: string; readonly result: BenchmarkResult | undefined }[],
  better: "less" | "more" = "less",
): string[] {
  if (own === undefined) return [];
  const unit = own.unit === "" ? "" : ` ${own.unit}`;
  const ahead = rivals.flatMap(({ name, result }) => {
    if (result === undefined) return [];
    const ratio = better === "less" ? own.median / result.median : result.median / own.median;
    return ratio > noise ? [{ name, result, ratio }] : [];
  });
  if (ahead.length === 0) return [];
  const parts = ahead
    .sort((a, b) => b.ratio - a.ratio)
    .map(
      ({ name, result, ratio }) =>
        `${name} ${number(result.median)}${unit}${Number.isFinite(ratio) ? ` (${times(ratio, 1)} times better)` : ""}`,
    );
  return [`${what}: ours ${number(own.median)}${unit}; ${parts.join(", ")}.`];
}
