import { Baseline } from "../baseline/baseline.ts";
import type { ColumnKind } from "../../layout/columns/column-groups.ts";
import type { DriftProfile } from "../drift/drift-options.ts";
import type { CollectionMonitor } from "./monitor-options.ts";
import type { SkippedColumn } from "./monitor-result.ts";
import { maxCategories } from "./rows/category-codes.ts";
import type { SpanTable } from "./rows/span-table.ts";

/** A column that is compared. */
export interface FeatureColumn {
  readonly name: string;
  /** Its type in the files; of several windows that of the first that has it. */
  readonly type: string;
  /** How it is compared; undefined for integers, of which the baseline's values decide. */
  readonly kind: ColumnKind | undefined;
}

/** Which columns can be compared, and why the others cannot. */
export interface ChosenFeatures {
  readonly features: readonly FeatureColumn[];
  readonly skipped: readonly SkippedColumn[];
  /** Columns of another type than the baseline's: they have quality, and no drift. */
  readonly mismatched: readonly string[];
}

/** The names of the features: those that are named, or all that are stored, and those of a kept baseline. */
export function featureNames(monitor: CollectionMonitor, stored: Iterable<string>): string[] {
  const { features, baseline } = monitor;
  const names = new Set(features ?? stored);
  if (features === undefined && baseline instanceof Baseline)
    for (const name of baseline.columns.keys()) names.add(name);
  return [...names].sort();
}

/** Which of some columns are compared. `before` is what has the baseline's columns. */
export function chooseFeatures(
  names: readonly string[],
  before: readonly SpanTable[] | Baseline,
  after: readonly SpanTable[],
  { monitor, profile }: { readonly monitor: CollectionMonitor; readonly profile: DriftProfile },
): ChosenFeatures {
  const features: FeatureColumn[] = [];
  const skipped: SkippedColumn[] = [];
  const mismatched: string[] = [];
  for (const name of names) {
    const outcome = Array.isArray(before)
      ? lookAt(name, before as readonly SpanTable[], after, profile)
      : lookAtKept(name, before as Baseline, after);
    if (typeof outcome === "string") {
      skipped.push({ column: name, reason: outcome });
      if (outcome.endsWith(otherType)) mismatched.push(name);
    } else features.push({ ...outcome, kind: monitor.columns?.[name]?.kind ?? outcome.kind });
  }
  return { features, skipped, mismatched };
}

const otherType = " in the windows";

function lookAt(
  name: string,
  before: readonly SpanTable[],
  after: readonly SpanTable[],
  profile: DriftProfile,
): FeatureColumn | string {
  if (profile === "azureml" && name.includes(".")) return "Azure ML refuses names with a dot";
  const there = typeAmong(name, before);
  const here = typeAmong(name, after);
  const fault = faultOf(name, [...before, ...after]);
  if (fault !== undefined) return fault;
  if (there === "")
    return before.every(({ rows }) => rows === 0) ? "no rows in the baseline" : "not in the baseline";
  if (here === "") return after.every(({ rows }) => rows === 0) ? "no rows" : "missing now";
  if (familyOf(there) !== familyOf(here)) return `${there} in the baseline, ${here}${otherType}`;
  return { name, type: here, kind: kindOfType(there) };
}

function lookAtKept(name: string, baseline: Baseline, after: readonly SpanTable[]): FeatureColumn | string {
  const column = baseline.columns.get(name);
  if (column === undefined) return baseline.skipped.get(name) ?? "not in the baseline";
  const here = typeAmong(name, after);
  const fault = faultOf(name, after);
  if (fault !== undefined) return fault;
  if (here === "") return after.every(({ rows }) => rows === 0) ? "no rows" : "missing now";
  const areNumbers = kindOfType(here) !== "categorical";
  if (column.kind === "numerical" && !areNumbers) return `numbers in the baseline, ${here}${otherType}`;
  return { name, type: here, kind: column.kind };
}

/** What makes it impossible to compare a column. */
function faultOf(name: string, tables: readonly SpanTable[]): string | undefined {
  const columns = tables.flatMap((table) => table.columns.get(name) ?? []);
  const types = [...new Set(tables.map((table) => table.typeOf(name)))].filter((type) => type !== "");
  if (columns.some(({ storage }) => storage === "none"))
    return types.some((type) => type.includes(" | "))
      ? `of several types: ${types.join(", ")}`
      : "no scalars";
  if (columns.some(({ isOverfull }) => isOverfull)) return `more than ${maxCategories} distinct values`;
  if (columns.length > 0 && columns.every(({ nulls, rows }) => nulls === rows)) return "only nulls";
  return undefined;
}

/** The type among tables, of those that have values. */
function typeAmong(name: string, tables: readonly SpanTable[]): string {
  for (const table of tables) if (table.typeOf(name) !== "") return table.typeOf(name);
  return "";
}

/** Floating-point types are one to compare, and so are integers. */
function familyOf(type: string): string {
  if (/^(float|double|decimal)/.test(type)) return "float64";
  return /^u?int/.test(type) ? "int64" : type;
}

/** Azure ML's rule; undefined for integers, of which values decide. */
function kindOfType(type: string): ColumnKind | undefined {
  const family = familyOf(type);
  if (family === "int64") return undefined;
  return family === "float64" ? "numerical" : "categorical";
}
