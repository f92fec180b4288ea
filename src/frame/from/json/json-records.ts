import { namesProblem } from "../../../layout/column-names.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  OwnCells,
  type SourceFrame,
} from "../../source-frame.ts";
import { type CellPlaces, jsonCells } from "./json-cells.ts";
import { JsonScanner } from "./json-scanner.ts";

/** A column whose cells still lie in the text. */
interface Column extends CellPlaces {
  kinds: number;
  readonly places: number[];
}

/**
 * A JSON text that is an array of row objects (pandas: `orient="records"`) as a frame. It is not parsed and
 * written again, which would make `1` of `1.0`, and round what is beyond 2^53: of each column the texts of
 * its numbers say whether they are int64 or float64, and nested cells keep their text.
 */
export class JsonRecords implements SourceFrame {
  readonly names: readonly string[];
  readonly rows: number;
  readonly owned: boolean = true;
  readonly #text: string;
  readonly #columns: readonly Column[];

  /**
   * Throws a {@link FrameProblem} for what is no JSON, or no array of objects; for a name that no column can
   * have, or that a row has twice; and for more rows or columns than there may be.
   */
  constructor(text: string, bounds: FrameBounds) {
    const columns = new Map<string, Column>();
    this.rows = readRows(new JsonScanner(text), columns, bounds);
    this.#text = text;
    this.names = [...columns.keys()];
    this.#columns = [...columns.values()];
    const problem = namesProblem(this.names);
    if (problem !== undefined) throw new FrameProblem(problem);
  }

  /** True for one of these. */
  static isOne(frame: object): frame is JsonRecords {
    return #columns in frame;
  }

  column(index: number): OwnCells {
    return new OwnCells(jsonCells(this.#text, this.rows, this.#columns[index] as Column));
  }
}

/** Notes where the cells of all rows are; returns how many rows there are. */
function readRows(scanner: JsonScanner, columns: Map<string, Column>, bounds: FrameBounds): number {
  if (!scanner.took("[")) throw new FrameProblem("not an array of row objects");
  let rows = 0;
  if (!scanner.took("]")) {
    do {
      readRow(scanner, rows, columns, bounds);
      checkShape(++rows, columns.size, bounds);
    } while (scanner.took(","));
    scanner.expect("]");
  }
  scanner.skip();
  if (scanner.at < scanner.text.length) throw scanner.problem("expected nothing more");
  return rows;
}

function readRow(scanner: JsonScanner, row: number, columns: Map<string, Column>, bounds: FrameBounds): void {
  if (!scanner.took("{")) throw new FrameProblem(`row ${row} is not a row object`);
  if (scanner.took("}")) return;
  do {
    const name = scanner.string();
    let column = columns.get(name);
    if (column === undefined) {
      column = { kinds: 0, places: [] };
      columns.set(name, column);
      checkShape(row, columns.size, bounds);
    }
    const { places } = column;
    if (places.at(-3) === row) throw new FrameProblem(`row ${row} has a column twice`);
    scanner.expect(":");
    scanner.skip();
    const start = scanner.at;
    column.kinds |= scanner.value();
    places.push(row, start, scanner.at);
  } while (scanner.took(","));
  scanner.expect("}");
}
