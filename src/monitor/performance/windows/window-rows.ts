/** A prediction, and what turned out to be true. */
export interface PredictionRow {
  /** When it was asked for. */
  readonly at: Date | number;
  /** A class, or a number. */
  readonly predicted: unknown;
  /** Ground truth; null or undefined while there is none. */
  readonly actual?: unknown;
  /** The probability, or any score, of the positive class. */
  readonly score?: unknown;
  /** The value of the column by which rows are parted. */
  readonly slice?: unknown;
}

/** Some rows by column. */
export interface Part {
  readonly predicted: readonly unknown[];
  readonly actual: readonly unknown[];
  readonly scores: readonly unknown[];
}

/** The rows of a window, by column. */
export class WindowRows implements Part {
  readonly from: number;
  readonly to: number;
  readonly predicted: unknown[] = [];
  readonly actual: unknown[] = [];
  readonly scores: unknown[] = [];
  readonly slices: unknown[] = [];

  constructor({ from, to }: { readonly from: Date; readonly to: Date }) {
    [this.from, this.to] = [from.getTime(), to.getTime()];
  }

  add({ predicted, actual, score, slice }: PredictionRow): void {
    this.predicted.push(predicted);
    this.actual.push(actual);
    this.scores.push(score);
    this.slices.push(slice);
  }

  /** Some of them, by their places. */
  pick(rows: readonly number[]): Part {
    const of = (column: readonly unknown[]): unknown[] => rows.map((row) => column[row]);
    return { predicted: of(this.predicted), actual: of(this.actual), scores: of(this.scores) };
  }
}
