import type { ColumnShape } from "../answers.ts";
import { NumberTally } from "./number-tally.ts";
import { TextTally } from "./text-tally.ts";

/** What a column has in it, value by value. */
export class ColumnTally {
  readonly #name: string;
  readonly #type: string;
  #nulls = 0;
  readonly #tally: NumberTally | TextTally;

  constructor(name: string, type: string, maxRows: number) {
    this.#name = name;
    this.#type = type;
    const kind = kindOfType(type);
    this.#tally = kind === "texts" ? new TextTally() : new NumberTally(kind, maxRows);
  }

  /** Adds the values of a batch; undefined stands for a column that its file does not have. */
  add(values: ArrayLike<unknown> | undefined, length: number): void {
    if (values === undefined) {
      this.#nulls += length;
      return;
    }
    for (let i = 0; i < length; i++) {
      const value = values[i];
      if (value === null || value === undefined) this.#nulls++;
      else this.#tally.add(value);
    }
  }

  /** What was seen so far. */
  get shape(): ColumnShape {
    return { name: this.#name, type: this.#type, nulls: this.#nulls, shape: this.#tally.shape };
  }
}

/** What is counted of a column of a type: of what has no order that means anything, how large it is. */
function kindOfType(type: string): "numbers" | "times" | "sizes" | "texts" {
  switch (type) {
    case "float64":
    case "int32":
    case "int64":
      return "numbers";
    case "timestamp":
      return "times";
    case "string":
    case "boolean":
      return "texts";
    default:
      return "sizes";
  }
}
