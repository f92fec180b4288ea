import type { ParsedDestination } from "../../destination/parse-destination.ts";
import type { Settings } from "../settings.ts";

/** What a configuration file says. */
export interface FileSettings {
  readonly settings: Settings;
  /**
   * Where the data is to go if nothing names a destination; absent if the file does not say. Throws a
   * `RangeError` if what it says does not fit into this product's layout.
   */
  readonly fallbackDestination?: () => ParsedDestination | undefined;
  /** How messages call the place of a setting: `deployment.yml:3: endpoint_name`. */
  where(setting: string): string;
}
