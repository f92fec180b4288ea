import { type FrameBounds, FrameProblem, OwnCells, type SourceFrame } from "./source-frame.ts";

/** A frame with more columns, each of one value in all rows. */
export class KeyedFrame {
  readonly #frame: object;
  readonly #key: ReadonlyMap<string, string | number | bigint | boolean>;

  /** How many rows it has; 0 if nobody can tell. */
  readonly rows: number;

  constructor(frame: object, key: ReadonlyMap<string, string | number | bigint | boolean>, rows: number) {
    this.#frame = frame;
    this.#key = key;
    this.rows = rows;
  }

  /** True for one of these. */
  static isOne(frame: object): frame is KeyedFrame {
    return #key in frame;
  }

  /** The columns; `open` opens the frame itself. */
  open(bounds: FrameBounds, open: (frame: object, bounds: FrameBounds) => SourceFrame): SourceFrame {
    const source = open(this.#frame, bounds);
    const key = [...this.#key];
    const { names } = source;
    const twice = key.find(([name]) => names.some((other) => other.toLowerCase() === name.toLowerCase()));
    if (twice !== undefined) throw new FrameProblem(`the frame has a column of its key's name: leave it out`);
    const rows = source.rows >= 0 ? source.rows : this.rows;
    return {
      names: [...names, ...key.map(([name]) => name)],
      rows,
      owned: source.owned,
      column(index, room) {
        if (index < names.length) return source.column(index, room);
        const [, value] = key[index - names.length] as (typeof key)[number];
        return new OwnCells(Array.from({ length: rows }, () => value));
      },
    };
  }
}
