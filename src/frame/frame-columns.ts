import type { ScalarType } from "../layout/column-type.ts";
import { type SystemColumnKey, systemColumns } from "../layout/system-columns.ts";

/** A system column with a value per frame, as a batch carries it. */
export interface FrameColumn {
  /** Its key in `systemColumns`. */
  readonly key: SystemColumnKey<"frame">;
  readonly name: string;
  readonly type: ScalarType;
  readonly nullable: boolean;
  /** The version of the wire form that has it first: see `wire/layout.ts`. Any but 1 is for texts only. */
  readonly since: number;
}

/** The columns that batches of the first version do not have. */
const later: { readonly [Key in SystemColumnKey<"frame">]?: number } = { clientRequestId: 2 };

/**
 * The columns of a batch's frame table, in their order. JSON is carried as `string`, in a batch as in the
 * spools that hold batches: it is text, and one that was cut to `maxStringBytes` is no longer JSON.
 */
export const frameColumns: readonly FrameColumn[] = (Object.keys(systemColumns) as SystemColumnKey[])
  .filter(isOfFrames)
  .map((key) => {
    const { name, type, nullable } = systemColumns[key];
    return { key, name, type: type === "json" ? "string" : type, nullable, since: later[key] ?? 1 };
  });

function isOfFrames(key: SystemColumnKey): key is SystemColumnKey<"frame"> {
  return systemColumns[key].per === "frame";
}
