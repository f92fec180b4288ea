import type { GivenAttribution } from "../../monitoring/importances.ts";
import type { PerformanceSettings } from "../../monitoring/performance-settings.ts";
import type { CollectionMonitor, MonitorOptions } from "../../../monitor/run/monitor-options.ts";

/** What a `monitor.yml` says. What it does not say, the command line or a default does. */
export interface MonitorFile extends Pick<MonitorOptions, "profile" | "minRows" | "minEffect" | "signals"> {
  /** In how many windows a feature must breach, and of how many. */
  readonly need?: number;
  readonly of?: number;
  readonly windowMs?: number;
  /** How many windows. */
  readonly windows?: number;
  readonly collections: readonly FileCollection[];
  /** How good predictions were is asked, too. */
  readonly performance?: PerformanceSettings;
  /** What it says that is not read, for people. */
  readonly unread: readonly string[];
}

/** What it says of one collection. */
export interface FileCollection extends Omit<CollectionMonitor, "baseline" | "windows" | "attribution"> {
  readonly baseline?: FileBaseline;
  readonly attribution?: GivenAttribution;
}

/** What a collection is compared with; a file is read later. */
export type FileBaseline =
  | { readonly file: string }
  | { readonly from: Date; readonly to: Date; readonly collection?: string }
  /** A span of so long that ends so long before the windows do. */
  | { readonly lookbackMs: number; readonly offsetMs: number }
  | "previous";
