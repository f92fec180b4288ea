import { quote } from "../../base/errors.ts";
import { polarsColumn } from "./polars/polars-column.ts";
import { isPolarsSeries } from "./polars/polars-series.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";

interface PolarsFrame {
  readonly columns: readonly unknown[];
  readonly height: number;
  getColumn(name: string): object;
  getColumns(): unknown;
}

/** A DataFrame or Series of nodejs-polars; a Series is a frame of one column. */
export function fromPolars(frame: object, bounds: FrameBounds): SourceFrame | undefined {
  const series = seriesFrame(frame, bounds);
  if (series !== undefined) return series;
  const table = frame as Partial<PolarsFrame>;
  if (typeof table.getColumn !== "function" || typeof table.getColumns !== "function") return undefined;
  if (typeof table.height !== "number" || !Array.isArray(table.columns)) return undefined;
  checkShape(table.height, table.columns.length, bounds);
  return new PolarsTable(table as PolarsFrame);
}

class PolarsTable implements SourceFrame {
  readonly names: readonly string[];
  readonly rows: number;
  readonly owned: boolean = true;
  readonly #table: PolarsFrame;

  constructor(table: PolarsFrame) {
    this.#table = table;
    this.names = table.columns.map((name) => String(name));
    this.rows = table.height;
  }

  column(index: number): SourceColumn {
    const name = this.names[index] as string;
    return seriesColumn(this.#table.getColumn(name), name);
  }
}

/**
 * The column of a Series. What Polars throws or cannot do costs the frame, so its report names the column.
 */
function seriesColumn(series: object, name: string): SourceColumn {
  let column: SourceColumn | undefined;
  try {
    column = polarsColumn(series);
  } catch {
    // Its own words may hold data.
  }
  if (column !== undefined) return column;
  throw new FrameProblem(`column ${quote(name)} of the Polars DataFrame cannot be read`);
}

function seriesFrame(frame: object, bounds: FrameBounds): SourceFrame | undefined {
  if (!isPolarsSeries(frame)) return undefined;
  checkShape(frame.length, 1, bounds);
  const name = frame.name === "" ? "0" : frame.name;
  return { names: [name], rows: frame.length, owned: true, column: () => seriesColumn(frame, name) };
}
