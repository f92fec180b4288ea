import type { Clock } from "../../base/time/clock.ts";
import type { ColumnGroups } from "../../layout/columns/column-groups.ts";
import type { TableLogs } from "../../delta/table-logs.ts";
import type { DeliveryTargetsParts } from "./delivery-targets.ts";
import type { SegmentLabel } from "../segment-label.ts";
import type { DeliveryBook } from "./ledger/delivery-book.ts";

/** What a `Deliverer` is given. */
export interface DelivererParts extends DeliveryTargetsParts {
  readonly clock: Clock;
  readonly book?: DeliveryBook;
  /** Where files are entered that are tables. Without it, segments that tell of tables stay in the spool. */
  readonly tables?: TableLogs | undefined;
  /** How a baseline has columns counted, by `collectionKey`. Default: there is none. */
  readonly groups?: ReadonlyMap<string, ColumnGroups>;
  /**
   * True if all new segments are sent by frames: then one at a time is, so that the order is kept, and the
   * sender is asked at once whether it is there. Default false.
   */
  readonly onlySends?: boolean;
  /**
   * Uploads at once. Two keep one busy while the other waits for its answer; more would only spend memory.
   */
  readonly concurrency?: number;
  /** Told after each attempt how many segments are not yet settled. */
  readonly onAttempt?: (left: number) => void;
}

/** Whether there is somebody for what is no file of its own. */
export function takes({ book, tables }: DelivererParts, { format }: SegmentLabel): boolean {
  return format === "unsampled" ? book !== undefined : format !== "table" || tables !== undefined;
}
