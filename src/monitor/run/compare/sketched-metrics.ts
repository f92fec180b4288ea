import type { Groups } from "../../drift/groups.ts";
import type { DriftMetricName } from "../feature-result.ts";
import type { Measured } from "./comparison.ts";
import { groupMetrics } from "./group-metrics.ts";

/** Rows of a side that may be in another group than they were counted in. */
export interface Move {
  readonly side: "baseline" | "production";
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/** What may have gone wrong at the edges of bins: rows of one may belong to the next one, or back. */
export function neighbours(
  errors: Readonly<Record<Move["side"], ArrayLike<number> | undefined>>,
  first: number,
): Move[] {
  return (["baseline", "production"] as const).flatMap((side) =>
    Array.from(errors[side] ?? []).flatMap((rows, edge) => [
      { side, from: edge - first, to: edge + 1 - first, rows },
      { side, from: edge + 1 - first, to: edge - first, rows },
    ]),
  );
}

/**
 * The metrics of groups. Of groups that were counted by sketches, with how far they may be off: the root of
 * the sum of the squares of what each move alone would change, for sketches are wrong at one edge
 * independently of the others.
 */
export function sketchedMetrics(
  groups: Groups,
  rows: Readonly<Record<Move["side"], number>>,
  moves: readonly Move[],
  tests: ReadonlySet<DriftMetricName> = new Set(),
): Map<DriftMetricName, Measured> {
  const metrics = groupMetrics(groups, rows, { tests, method: "binned" });
  const possible = moves.flatMap((move) => moved(groups, move) ?? []);
  if (moves.length === 0) return metrics;
  const squares = new Map<DriftMetricName, number>();
  for (const other of possible)
    for (const [name, { value }] of groupMetrics(other, rows, { tests: new Set() })) {
      // Both ways are looked at, so each counts half.
      const change = (value - (metrics.get(name)?.value ?? value)) ** 2 / 2;
      squares.set(name, (squares.get(name) ?? 0) + (Number.isFinite(change) ? change : 0));
    }
  return new Map(
    Array.from(metrics, ([name, measured]) => [
      name,
      { ...measured, method: "sketch" as const, maxError: Math.sqrt(squares.get(name) ?? 0) },
    ]),
  );
}

/** Groups of which some rows were counted elsewhere; undefined where there are none to move. */
function moved(groups: Groups, { side, from, to, rows }: Move): Groups | undefined {
  const counts = groups[side].counts.slice();
  const amount = Math.min(rows, counts[from] ?? 0);
  if (!(amount > 0) || to < 0 || to >= counts.length) return undefined;
  counts[from] = (counts[from] as number) - amount;
  counts[to] = (counts[to] as number) + amount;
  return { ...groups, [side]: { counts, rows: groups[side].rows } };
}
