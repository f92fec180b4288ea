import type { NumberShape } from "../answers.ts";

const maxBins = 40;
/** What lies further out than so many spreads of the middle half is told beside the bins. */
const maxSpreads = 4;

/** The numbers of a column, all of them, so that what is told of them is exact. */
export class NumberTally {
  readonly #kind: NumberShape["kind"];
  readonly #maxValues: number;
  #values = new Float64Array(1_024);
  #count = 0;
  #special = 0;

  /** @param maxValues those that come later are left out. */
  constructor(kind: NumberShape["kind"], maxValues: number) {
    this.#kind = kind;
    this.#maxValues = maxValues;
  }

  /** Adds a value that is none of no value. */
  add(value: unknown): void {
    const number = this.#kind === "sizes" ? sizeOf(value) : Number(value);
    if (!Number.isFinite(number)) {
      this.#special++;
      return;
    }
    if (this.#count >= this.#maxValues) return;
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(Math.min(this.#maxValues, this.#count * 2));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = number;
  }

  /** Undefined without any value. */
  get shape(): NumberShape | undefined {
    const values = this.#values.slice(0, this.#count).sort();
    const [min, max] = [values[0], values.at(-1)];
    if (min === undefined || max === undefined) return undefined;
    let mean = 0;
    for (const value of values) mean += value / values.length;
    let squares = 0;
    for (const value of values) squares += (value - mean) ** 2;
    const at = (share: number): number => values[Math.round(share * (values.length - 1))] ?? min;
    return {
      kind: this.#kind,
      values: values.length,
      special: this.#special,
      ...{ min, max, mean: finite(mean), median: at(0.5) },
      deviation: finite(values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0),
      ...binned(values, at(0.25), at(0.75), this.#kind),
    };
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Bins of one round width, over what is not far out. */
function binned(
  sorted: Float64Array,
  quarter: number,
  threeQuarters: number,
  kind: NumberShape["kind"],
): Pick<NumberShape, "from" | "to" | "bins" | "below" | "above"> {
  const [min, max] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const spread = threeQuarters - quarter;
  const reach = spread > 0 ? spread * maxSpreads : Number.POSITIVE_INFINITY;
  const least = sorted.find((value) => value >= quarter - reach) ?? min;
  const greatest = sorted.findLast((value) => value <= threeQuarters + reach) ?? max;
  const width = binWidth(least, greatest, kind, sorted);
  // What is rounded away from a multiple of the width must not leave a value outside.
  const from = Math.max(-Number.MAX_VALUE, Math.min(least, Math.floor(least / width) * width));
  const count = Math.min(maxBins + 2, Math.floor((greatest - from) / width) + 1);
  const bins = new Array<number>(count).fill(0);
  let [below, above] = [0, 0];
  for (const value of sorted) {
    if (value < least) below++;
    else if (value > greatest) above++;
    else {
      const bin = Math.min(count - 1, Math.max(0, Math.floor((value - from) / width)));
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
  }
  return {
    from,
    to: Math.min(Number.MAX_VALUE, Math.max(greatest, from + count * width)),
    bins,
    below,
    above,
  };
}

/** A round number, of units that people count in; whole where all values are. */
function binWidth(least: number, greatest: number, kind: NumberShape["kind"], sorted: Float64Array): number {
  if (least === greatest) return kind === "times" ? secondMs : Math.max(1, Math.abs(least) * 1e-9);
  // Their difference may be beyond all numbers.
  const wanted = greatest / maxBins - least / maxBins;
  if (kind === "times") {
    const width = timeWidths.find((one) => one >= wanted);
    if (width !== undefined) return width;
  }
  const magnitude = 10 ** Math.floor(Math.log10(wanted));
  const round = [1, 2, 2.5, 5, 10].map((step) => step * magnitude).find((one) => one >= wanted);
  // The least numbers that there are have no fortieth.
  const width = round === undefined || round === 0 ? greatest - least : round;
  return width < 1 && sorted.every(Number.isInteger) ? 1 : width;
}

const secondMs = 1_000;
const timeWidths: readonly number[] = [1, 10, 100]
  .concat([1, 5, 15, 60, 300, 900, 3_600, 10_800, 43_200, 86_400, 604_800].map((one) => one * secondMs))
  .concat([2_419_200_000, 31_449_600_000]);

function sizeOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return value instanceof Uint8Array ? value.length : Number.NaN;
}
