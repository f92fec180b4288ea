import type { Format } from "../layout/format.ts";
import type { RollingRate } from "../layout/partition.ts";
import type { SystemConstants } from "../frame/batch.ts";
import type { Ledger } from "./ledger.ts";

/** Where a collector's frames go: what, with the partition, makes a batch's label. */
export interface Collection {
  readonly name: string;
  readonly endpoint: string;
  readonly deployment: string;
  /** `unsampled`: frames that the rate leaves out, which are profiled and not stored. */
  readonly format: Format | "unsampled";
  readonly rollingRate: RollingRate;
  readonly ledger: Ledger;
  /** Current values of the system columns that are the same in a batch; a new object when one changes. */
  readonly constants: SystemConstants;
  /** Bytes of a text that are stored even if `limits.maxStringBytes` is less; none by default. */
  readonly maxTextBytes?: number;
}
