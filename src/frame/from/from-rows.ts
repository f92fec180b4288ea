import { types } from "node:util";
import { kindOf } from "../../base/errors.ts";
import { sameNames } from "../../layout/column-names.ts";
import {
  checkShape,
  type FrameBounds,
  FrameProblem,
  type SourceColumn,
  type SourceFrame,
} from "../source-frame.ts";
import { unreadable } from "../unreadable.ts";

type Row = Readonly<Record<string, unknown>>;

const noKeys: readonly string[] = [];

/**
 * An array of row objects: their own enumerable properties. The first row's keys come first; a key that only
 * later rows have follows, and a row without a key has null there.
 */
export function fromRows(rows: readonly unknown[], bounds: FrameBounds): SourceFrame {
  const count = rows.length;
  checkShape(count, 0, bounds);
  // One look at each row: what a getter or Proxy says the second time does not count.
  const checked: Row[] = [];
  let names: readonly string[] = [];
  let all: Set<string> | undefined;
  for (let i = 0; i < count; i++) {
    let row: Row;
    let keys = noKeys;
    try {
      row = rowAt(rows, i);
      keys = Object.keys(row);
    } catch (thrown) {
      if (thrown instanceof FrameProblem) throw thrown;
      // A revoked Proxy, say: all its cells are lost, and those of the other rows are not.
      row = unreadable as Row;
      all ??= new Set(names);
    }
    checked.push(row);
    if (row === unreadable) continue;
    if (i === 0) {
      names = keys;
      checkShape(count, keys.length, bounds);
    } else if (!sameNames(keys, names)) {
      all ??= new Set(names);
      for (const key of keys) all.add(key);
      checkShape(count, all.size, bounds);
    }
  }
  return all === undefined ? new RowsFrame(checked, names, true) : new RowsFrame(checked, [...all], false);
}

class RowsFrame implements SourceFrame {
  readonly names: readonly string[];
  readonly rows: number;
  readonly owned: boolean = true;
  readonly #source: readonly Row[];
  readonly #even: boolean;

  /** @param even every row has all names. */
  constructor(source: readonly Row[], names: readonly string[], even: boolean) {
    this.#source = source;
    this.names = names;
    this.rows = source.length;
    this.#even = even;
  }

  column(index: number): SourceColumn {
    const name = this.names[index] as string;
    const source = this.#source;
    const even = this.#even;
    // An array that begins empty takes room for 17 values with its first.
    if (source.length === 1) return [firstCell(source, name, even)];
    const values: unknown[] = [];
    for (let i = 0; i < source.length; ) {
      try {
        for (; i < source.length; i++) values.push(cell(source[i] as Row, name, even));
      } catch {
        values.push(unreadable);
        i++;
      }
    }
    return values;
  }
}

function firstCell(source: readonly Row[], name: string, even: boolean): unknown {
  try {
    return cell(source[0] as Row, name, even);
  } catch {
    return unreadable;
  }
}

function cell(row: Row, name: string, even: boolean): unknown {
  if (!even && row === unreadable) return unreadable;
  // An absent key may have a namesake in the prototype: "constructor".
  return even || Object.hasOwn(row, name) ? row[name] : undefined;
}

function rowAt(rows: readonly unknown[], index: number): Row {
  const row = rows[index];
  if (typeof row === "object" && row !== null && !Array.isArray(row) && !isNoRow(row)) return row as Row;
  const hint = Array.isArray(row) ? "name its values" : "each must be an object of column names and values";
  throw new FrameProblem(`row ${index} is not a row object: got ${kindOf(row)}; ${hint}`);
}

function isNoRow(row: object): boolean {
  if (Object.getPrototypeOf(row) === Object.prototype) return false;
  return (
    types.isMap(row) ||
    types.isSet(row) ||
    types.isDate(row) ||
    types.isPromise(row) ||
    ArrayBuffer.isView(row)
  );
}
