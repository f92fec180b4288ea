import type { Groups } from "../../drift/groups.ts";
import { goodnessOfFit } from "../../drift/pearsons-chi-squared-test.ts";
import { populationStabilityOf } from "../../drift/population-stability-index.ts";
import { chebyshevOf, hellingerOf, jensenShannonOf, totalVariationOf } from "../../drift/share-distances.ts";
import { proportionsTest } from "../../drift/two-proportion-z-test.ts";
import type { DriftMethod, DriftMetricName } from "../feature-result.ts";
import { groupsChance } from "./chance.ts";
import type { Measured } from "./comparison.ts";

/**
 * The metrics that need no more than counts of the same groups. `rows` are those that tell as much when
 * weights differ. Tests only when asked for: they are of categories.
 */
export function groupMetrics(
  groups: Groups,
  rows: { readonly baseline: number; readonly production: number },
  {
    tests,
    method = "exact",
  }: { readonly tests: ReadonlySet<DriftMetricName>; readonly method?: DriftMethod },
): Map<DriftMetricName, Measured> {
  const chance = groupsChance(groups, rows);
  const distance = (value: number, of: number): Measured => ({
    ...{ value, method, maxError: 0, chance: of, statistic: null },
  });
  const metrics = new Map<DriftMetricName, Measured>([
    ["JensenShannonDistance", distance(jensenShannonOf(groups), chance.jensenShannon)],
    ["PopulationStabilityIndex", distance(populationStabilityOf(groups), chance.stability)],
    ["HellingerDistance", distance(hellingerOf(groups), chance.hellinger)],
    ["TotalVariationDistance", distance(totalVariationOf(groups), chance.totalVariation)],
    ["ChebyshevDistance", distance(chebyshevOf(groups), chance.chebyshev)],
  ]);
  const test = (name: DriftMetricName, run: typeof goodnessOfFit | typeof proportionsTest): void => {
    if (!tests.has(name)) return;
    const { statistic, pValue, method: way } = run(groups);
    metrics.set(name, { value: pValue, method: way, maxError: 0, chance: null, statistic });
  };
  test("PearsonsChiSquaredTest", goodnessOfFit);
  if (groups.baseline.counts.length <= 2) test("TwoProportionZTest", proportionsTest);
  return metrics;
}
