import { typedArrayName } from "../../frame/typed-array.ts";
import { isCounts, type MetricColumn, valuesOf } from "./metric-column.ts";
import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import { categoryOf, isNull } from "../../profile/category.ts";

/** Integers with fewer distinct values than this share of the rows are categories to Azure ML. */
const maxCategoryShare = 0.05;

/**
 * Whether a column is compared by numbers or by categories, decided on the baseline. Texts, booleans, dates
 * and bytes are categories, numbers are numerical. `integers` says what integers are (`bigint`, typed arrays
 * of integers): numbers too, or, as to Azure ML, categories when fewer than 5 % of the rows, nulls included,
 * are distinct. A plain array of numbers holds doubles.
 */
export function kindOfColumn(
  baseline: MetricColumn,
  { integers, where }: { readonly integers: "numerical" | "by share"; readonly where: string },
): ColumnKind {
  if (isCounts(baseline)) return "categorical";
  const values = valuesOf(baseline, where);
  const first = firstValue(values);
  const name = typedArrayName(values);
  if (typeof first !== "number" && typeof first !== "bigint") return "categorical";
  if (integers === "numerical" || (name === undefined ? typeof first === "number" : name.startsWith("Float")))
    return "numerical";
  const distinct = new Set<string | undefined>();
  for (let i = 0; i < values.length && distinct.size < maxCategoryShare * values.length; i++)
    if (!isNull(values[i])) distinct.add(categoryOf(values[i]));
  return distinct.size < maxCategoryShare * values.length ? "categorical" : "numerical";
}

function firstValue(values: ArrayLike<unknown>): unknown {
  for (let i = 0; i < values.length; i++) if (!isNull(values[i])) return values[i];
  return undefined;
}
