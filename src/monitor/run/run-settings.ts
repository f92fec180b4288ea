import type { DriftProfile } from "../drift/drift-options.ts";
import type { MonitorOptions } from "./monitor-options.ts";
import type { WindowRule } from "./monitor-result.ts";

/** What holds for all collections of a run. */
export interface RunSettings {
  /** When it is run. */
  readonly now: Date;
  readonly profile: DriftProfile;
  readonly rule: WindowRule;
  readonly signals: NonNullable<MonitorOptions["signals"]>;
  readonly minRows: number;
  readonly minEffect: number;
  readonly maxBytes: number;
  readonly onProgress: (what: string) => void;
}
