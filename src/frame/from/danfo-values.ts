import { isTypedArray, type TypedArray } from "../typed-array.ts";

/**
 * What a danfojs `NDframe` keeps, whatever its columns are called. `values`, `columns`, `shape` and
 * `getColumnData` are getters, which a column of that name shadows, so they are not asked.
 */
export interface DanfoFields {
  readonly $isSeries: boolean;
  readonly $columns: readonly unknown[];
  /** The rows of a DataFrame, or a Series' values. */
  readonly $data: readonly unknown[] | TypedArray;
  /** The columns, or `[]` in low-memory mode. */
  readonly $dataIncolumnFormat?: unknown;
}

/** The fields of a danfojs DataFrame or Series; undefined for anything else. */
export function danfoFields(value: object): DanfoFields | undefined {
  const fields = value as Partial<DanfoFields>;
  if (typeof fields.$isSeries !== "boolean" || !Array.isArray(fields.$columns)) return undefined;
  return Array.isArray(fields.$data) || isTypedArray(fields.$data) ? (value as DanfoFields) : undefined;
}

/** A danfojs Series' values; undefined for anything else. */
export function danfoValues(value: object): readonly unknown[] | TypedArray | undefined {
  const fields = danfoFields(value);
  return fields?.$isSeries ? fields.$data : undefined;
}
