import type { Frame } from "../frames.ts";

/** Frames of one shape put end to end, as writers of columns want them. */
export class GatheredColumns {
  #columns = new Map<string, unknown[]>();
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  add(frame: Frame): void {
    const { columns } = frame;
    for (const name in columns) {
      let all = this.#columns.get(name);
      if (all === undefined) this.#columns.set(name, (all = []));
      for (const value of columns[name] ?? []) all.push(value);
    }
    this.#rows += frame.rows.length;
  }

  /** What was gathered since the last call, in parts of at most so many rows. */
  *take(rowsPerPart: number): Generator<ReadonlyMap<string, unknown[]>> {
    const [taken, rows] = [this.#columns, this.#rows];
    this.#columns = new Map();
    this.#rows = 0;
    if (rows > 0 && rows <= rowsPerPart) yield taken;
    else {
      for (let start = 0; start < rows; start += rowsPerPart)
        yield new Map(
          Array.from(taken, ([name, values]) => [name, values.slice(start, start + rowsPerPart)]),
        );
    }
  }
}
