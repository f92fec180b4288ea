import { countOf } from "../../../base/plural.ts";
import { isKept } from "../compare/compare-window.ts";
import { type ChosenFeatures, chooseFeatures, featureNames } from "../features.ts";
import { measureGroup } from "./measure-group.ts";
import { MeasuredWindow } from "./measured-window.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import type { SkippedColumn } from "../monitor-result.ts";
import type { CollectionRows } from "../rows/collection-rows.ts";
import type { SpanTable } from "../rows/span-table.ts";
import type { spansOf } from "../rows/spans.ts";
import { StrataOfTables } from "../rows/strata-of-tables.ts";
import { slicingBy } from "../compare/slices.ts";
import type { RunSettings } from "../run-settings.ts";

/** What is measured, and with what. */
export interface CollectionMeasure {
  readonly rows: CollectionRows;
  readonly pairs: ReturnType<typeof spansOf>["pairs"];
  readonly monitor: CollectionMonitor;
  readonly settings: RunSettings;
}

/** What was measured. */
export interface MeasuredCollection {
  readonly windows: readonly MeasuredWindow[];
  readonly skipped: readonly SkippedColumn[];
  /** The rows, without the values of features where these did not fit into memory. */
  readonly tables: readonly SpanTable[];
}

/** Measures all columns in all windows, as many of them at a time as fit into memory. */
export async function measureCollection(measure: CollectionMeasure): Promise<MeasuredCollection> {
  const { rows, pairs, monitor, settings } = measure;
  const { baseline } = monitor;
  const { tables, names } = await rows.survey();
  const after = pairs.map(([, one]) => tables[one] as SpanTable);
  const slicings = [undefined, ...(monitor.by ?? []).map((column) => slicingBy(column, after))];
  const strata = new StrataOfTables(tables);
  const drops = settings.profile === "azureml" && !isKept(baseline);
  const all = featureNames(monitor, names ?? columnNames(tables));
  const groups = names === undefined ? [all] : rows.groups(tables, all);

  /** One reading of all columns; undefined when rows turn out to be left out, also of what was measured. */
  const measured = async (isFirst: boolean): Promise<MeasuredCollection | undefined> => {
    const windows = pairs.map(([b, a]) => new MeasuredWindow({ before: b, after: a }, slicings, strata));
    const skipped: SkippedColumn[] = [];
    for (const [i, group] of groups.entries()) {
      if (groups.length > 1)
        settings.onProgress(
          `comparing ${countOf(all.length, "column")}: group ${i + 1} of ${groups.length} …`,
        );
      const loaded = names === undefined ? tables : await rows.load(group, tables);
      const chosen = chosenOf(group, loaded, measure);
      skipped.push(...chosen.skipped);
      if (drops && isFirst) strata.leaveOut(loaded, chosen.features);
      if (isFirst && groups.length > 1 && strata.leavesOut) continue;
      const compared = [...chosen.features.map(({ name }) => name), ...chosen.mismatched];
      measureGroup(windows, { group: compared, tables: loaded, strata, chosen, monitor, settings });
    }
    return isFirst && groups.length > 1 && strata.leavesOut ? undefined : { windows, skipped, tables };
  };

  // Which rows are left out all columns together say. Mostly none are, and one reading is enough.
  return (await measured(true)) ?? ((await measured(false)) as MeasuredCollection);
}

/** Which columns of a group are compared. */
function chosenOf(
  group: readonly string[],
  tables: readonly SpanTable[],
  { pairs, monitor, settings }: CollectionMeasure,
): ChosenFeatures {
  const { baseline } = monitor;
  const present = new Set(featureNames(monitor, columnNames(tables)));
  const before = isKept(baseline)
    ? baseline
    : pairs.flatMap(([one]) => (one === undefined ? [] : (tables[one] as SpanTable)));
  const after = pairs.map(([, one]) => tables[one] as SpanTable);
  const names = group.filter((name) => present.has(name));
  return chooseFeatures(names, before, after, { monitor, profile: settings.profile });
}

function columnNames(tables: readonly SpanTable[]): Set<string> {
  return new Set(tables.flatMap(({ columns }) => [...columns.keys()]));
}
