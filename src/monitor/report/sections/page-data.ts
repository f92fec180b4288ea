import type { FeatureResult, FeatureSummary } from "../../run/feature-result.ts";
import type { CollectionResult, MonitorResult, SliceResult, WindowResult } from "../../run/monitor-result.ts";
import type { TimeLine } from "../charts/time-line.ts";

/** How much of each feature is drawn: less when there are many, so that the page stays small. */
export interface Detail {
  /** Windows of a time line. */
  readonly maxPoints: number;
  /** Categories of a chart of bars, and whether it is drawn. */
  readonly bars: { readonly max: number; readonly isDrawn: boolean };
  /** Bins of a histogram; neighbours are drawn as one when there are more. */
  readonly maxBins: number;
  /** Whether metrics of which nothing is asked are told, too, and the ends of axes. */
  readonly isFull: boolean;
  /** Categories of a small chart. */
  readonly maxCategories: number;
}

/** What fits a page of a megabyte. */
export function detailOf({ collections }: MonitorResult): Detail {
  const features = collections.reduce((sum, one) => sum + one.features.length, 0);
  if (features <= 100)
    return { maxPoints: 200, bars: { max: 12, isDrawn: true }, maxBins: 60, maxCategories: 30, isFull: true };
  if (features <= 400)
    return { maxPoints: 40, bars: { max: 8, isDrawn: true }, maxBins: 40, maxCategories: 20, isFull: true };
  return { maxPoints: 10, bars: { max: 5, isDrawn: false }, maxBins: 30, maxCategories: 12, isFull: false };
}

/** All rows of a window. */
export function allRows({ slices }: WindowResult): SliceResult | undefined {
  return slices.find(({ slice }) => slice === null);
}

/** The latest window that has rows, or the latest there is. */
export function latestWindow({ windows }: CollectionResult): WindowResult | undefined {
  return windows.findLast((window) => (allRows(window)?.rows ?? 0) > 0) ?? windows.at(-1);
}

/** What windows say of each feature: looked up by name, window by window. */
export class FeatureHistory {
  readonly #windows: readonly ReadonlyMap<string, FeatureResult>[];

  constructor({ windows }: CollectionResult) {
    this.#windows = windows.map(
      (window) => new Map(allRows(window)?.features.map((one) => [one.feature, one])),
    );
  }

  /** The latest result that says something; else the latest. */
  latest(feature: string): FeatureResult | undefined {
    const results = this.#windows.flatMap((one) => one.get(feature) ?? []);
    return results.findLast(({ metrics }) => metrics.length > 0) ?? results.at(-1);
  }

  /** The metric that decides, window by window. */
  line({ feature, metric, values, threshold }: FeatureSummary): TimeLine {
    const points = values.map((value, i) => {
      const decisive = this.#windows[i]?.get(feature)?.metrics.find((one) => one.metric === metric);
      return { value, breached: decisive?.breached === true };
    });
    return { points, threshold };
  }
}
