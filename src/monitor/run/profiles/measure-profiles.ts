import type { ColumnProfile } from "../../../profile/column-profile.ts";
import type { BaselineColumn } from "../../baseline/baseline-column.ts";
import type { CollectionProfile } from "../../../profile/collection-profile.ts";
import { isKept } from "../compare/compare-window.ts";
import type { MeasuredFeature } from "../judging/judge.ts";
import { thresholdsOf } from "../judging/thresholds.ts";
import type { CollectionMonitor } from "../monitor-options.ts";
import type { QualityResult, SkippedColumn } from "../monitor-result.ts";
import { judgeQuality } from "../quality-check.ts";
import type { RunSettings } from "../run-settings.ts";
import { compareProfiles, knownRows } from "./compare-profiles.ts";
import { learnProfileQuality, profileQuality } from "./profile-quality.ts";

/** A window and what it is compared with; without the latter it is a baseline that was kept. */
export interface ProfiledPair {
  readonly before: CollectionProfile | undefined;
  readonly after: CollectionProfile;
}

/** The columns that can be compared, and why others cannot. */
export function chooseColumns(
  pairs: readonly ProfiledPair[],
  { baseline, features }: CollectionMonitor,
): { readonly names: readonly string[]; readonly skipped: readonly SkippedColumn[] } {
  const there = new Set(
    isKept(baseline)
      ? baseline.columns.keys()
      : pairs.flatMap(({ before }) => [...(before?.columns.keys() ?? [])]),
  );
  const here = new Set(pairs.flatMap(({ after }) => [...after.columns.keys()]));
  const kept = isKept(baseline) ? baseline.skipped : new Map<string, string>();
  const skipped: SkippedColumn[] = [];
  const names: string[] = [];
  for (const column of [...new Set(features ?? [...there, ...here, ...kept.keys()])].sort()) {
    if (there.has(column) && here.has(column)) names.push(column);
    else if (there.has(column))
      skipped.push({ column, reason: here.size === 0 ? "no profile" : "missing now" });
    else skipped.push({ column, reason: kept.get(column) ?? "not in the baseline" });
  }
  return { names, skipped };
}

/** What there is to compare a column with; undefined where that has no such column. */
function sideOf(
  name: string,
  { before }: ProfiledPair,
  { baseline }: CollectionMonitor,
): BaselineColumn | ColumnProfile | undefined {
  return isKept(baseline) ? baseline.columns.get(name) : before?.columns.get(name);
}

/** A column of one window, measured; undefined where the baseline of this window has none. */
export function measureProfile(
  name: string,
  pair: ProfiledPair,
  monitor: CollectionMonitor,
  { profile, minRows }: RunSettings,
): MeasuredFeature | undefined {
  const before = sideOf(name, pair, monitor);
  if (before === undefined) return undefined;
  const { kind } = before;
  const after = pair.after.columns.get(name);
  const known = { baseline: knownRows(before), production: after === undefined ? 0 : knownRows(after) };
  const distinct = Math.max(("profile" in before ? before.profile : before).distinct, after?.distinct ?? 0);
  const asked = thresholdsOf(monitor, { name, kind }, { profile, rows: known.baseline, distinct });
  const told = {
    ...{ feature: name, kind, rows: known, asked, explainedBy: null },
    type: "constraints" in before ? before.constraints.type : kind === "numerical" ? "float64" : "string",
    nullsDropped: {
      baseline: ("profile" in before ? before.profile : before).rows - known.baseline,
      production: pair.after.rows - known.production,
    },
  };
  const reason = whyNot(before, after, known, Math.max(1, minRows));
  if (reason !== null || after === undefined) return { ...told, comparison: undefined, reason };
  const wanted = new Set(asked.thresholds.keys());
  return { ...told, comparison: compareProfiles(before, after, { profile, wanted }), reason: null };
}

function whyNot(
  before: BaselineColumn | ColumnProfile,
  after: ColumnProfile | undefined,
  known: { readonly baseline: number; readonly production: number },
  least: number,
): string | null {
  if (known.baseline < least) return `${known.baseline} of the ${least} values that the baseline needs`;
  if (after === undefined || known.production < least)
    return `${known.production} of the ${least} values that a window needs`;
  if (after.kind !== before.kind)
    return `the profiles take it for ${after.kind}, the baseline for ${before.kind}: collect with this baseline`;
  const hasNone = ({ kind, groups, min }: ColumnProfile): boolean =>
    groups === undefined && min === null && kind === "numerical";
  const sides = ["profile" in before ? before.profile : before, after];
  return sides.some(hasNone) ? "its values are kept out of its profile" : null;
}

/** What is wrong with the values of a column in one window; undefined where no baseline says. */
export function measureProfileQuality(
  name: string,
  pair: ProfiledPair,
  monitor: CollectionMonitor,
  { minRows }: RunSettings,
): QualityResult | undefined {
  const before = sideOf(name, pair, monitor);
  if (before === undefined) return undefined;
  const baseline = "profile" in before ? before : learnProfileQuality(before);
  if (baseline === undefined) return undefined;
  const { kind } = before;
  const given = monitor.quality?.[kind];
  const after = pair.after.columns.get(name);
  const quality = after === undefined ? null : profileQuality(after, baseline.constraints);
  return judgeQuality({ name, kind }, quality, baseline, {
    thresholds: { nullValueRate: 0, dataTypeErrorRate: 0, outOfBoundsRate: 0, ...given },
    source: given === undefined ? "azure-ai-ml SDK" : "set for kind",
    minRows,
  });
}
