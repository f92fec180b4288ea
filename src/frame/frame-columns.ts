import type { ScalarType } from "../layout/column-type.ts";
import { systemColumnList } from "../layout/system-columns.ts";

/** A system column with a value per frame, as a batch carries it. */
export interface FrameColumn {
  readonly name: string;
  readonly type: ScalarType;
  readonly nullable: boolean;
}

/**
 * The columns of a batch's frame table, in their order. JSON is carried as `string`, in a batch as in the spools that hold batches: it
 * is text, and one that was cut to `maxStringBytes` is no longer JSON.
 */
export const frameColumns: readonly FrameColumn[] = systemColumnList
  .filter(({ per }) => per === "frame")
  .map(({ name, type, nullable }) => ({ name, type: type === "json" ? "string" : type, nullable }));
