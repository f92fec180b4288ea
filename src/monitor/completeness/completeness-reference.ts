import type { WindowFacts } from "../../layout/monitoring/window-facts.ts";
import type { Baseline } from "../baseline/baseline.ts";
import type { CompletenessReference } from "./completeness-signal.ts";

const hourMs = 3_600_000;

/**
 * What a window is held against: a baseline, with its rows an hour and its columns; or the windows before it,
 * with the median of their rows an hour and the columns of the last one that has rows. Without any, or with
 * windows that are all empty, there is nothing to hold it against.
 *
 * @example
 * ```ts
 * import { completenessReference, completenessSignals } from "model-data-collector/monitor";
 *
 * for (const [i, facts] of windows.entries())
 *   console.log(completenessSignals(facts, { reference: completenessReference(windows.slice(0, i)) }));
 * ```
 */
export function completenessReference(before: Baseline | readonly WindowFacts[]): CompletenessReference {
  if (!isList(before)) {
    const columns = Array.from(
      before.columns,
      ([name, { constraints }]) => [name, constraints.type] as const,
    );
    // A column of lists or of nulls only has a type that a baseline does not know.
    return before.skipped.size === 0
      ? { rowsPerHour: rateOf(before), columns: Object.fromEntries(columns) }
      : { rowsPerHour: rateOf(before) };
  }
  const filled = before.filter(({ rows }) => rows > 0);
  const last = filled.at(-1);
  if (last === undefined) return {};
  const rates = filled.map(rateOf).sort((a, b) => a - b);
  const [low, high] = [rates[(rates.length - 1) >> 1], rates[rates.length >> 1]];
  return { rowsPerHour: ((low as number) + (high as number)) / 2, columns: last.columns };
}

function isList(before: Baseline | readonly WindowFacts[]): before is readonly WindowFacts[] {
  return Array.isArray(before);
}

function rateOf({ rows, from, to }: Pick<WindowFacts, "rows" | "from" | "to">): number {
  return rows / ((to.getTime() - from.getTime()) / hourMs);
}
