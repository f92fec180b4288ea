import { quote } from "../../base/errors.ts";
import { countOf } from "../../base/plural.ts";
import { type DanfoFields, danfoFields, danfoValues } from "./danfo-values.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";
import { isTypedArray } from "../typed-array.ts";

/**
 * A DataFrame or Series of danfojs or danfojs-node; a Series is a frame of one column. Its dtypes are guesses
 * from the first rows and say nothing about the others, so types come from the values alone.
 */
export function fromDanfo(frame: object, bounds: FrameBounds): SourceFrame | undefined {
  const fields = danfoFields(frame);
  if (fields === undefined) return undefined;
  const rows = fields.$data.length;
  checkShape(rows, fields.$columns.length, bounds);
  const names = fields.$columns.map((name) => String(name));
  if (!fields.$isSeries && rows > 0 && names.length > 0) checkWidth(fields, names.length);
  return new DanfoFrame(fields, names, rows);
}

class DanfoFrame implements SourceFrame {
  readonly names: readonly string[];
  readonly rows: number;
  readonly owned: boolean = false;
  readonly #fields: DanfoFields;

  constructor(fields: DanfoFields, names: readonly string[], rows: number) {
    this.#fields = fields;
    this.names = names;
    this.rows = rows;
  }

  column(index: number): SourceColumn {
    const { $isSeries, $data, $dataIncolumnFormat } = this.#fields;
    if ($isSeries) return $data;
    if (this.rows === 0) return [];
    // Low-memory mode keeps rows only.
    const columns = $dataIncolumnFormat;
    if (!Array.isArray(columns) || columns.length !== this.names.length) {
      return ($data as readonly (readonly unknown[])[]).map((row) => row[index]);
    }
    const column: unknown = columns[index];
    if (Array.isArray(column) || isTypedArray(column)) return column;
    // A Series that was assigned stays one inside.
    const values = typeof column === "object" && column !== null ? danfoValues(column) : undefined;
    if (values !== undefined) return values;
    throw new FrameProblem(`column ${quote(this.names[index] ?? "")} of the DataFrame is not an array`);
  }
}

function checkWidth(fields: DanfoFields, names: number): void {
  const row = fields.$data[0];
  if (!Array.isArray(row))
    throw new FrameProblem("the DataFrame's rows are not arrays: it was changed from outside");
  if (row.length !== names) {
    throw new FrameProblem(
      `the DataFrame has ${countOf(names, "column name")} for rows of ${countOf(row.length, "value")}`,
    );
  }
}
