import type { WindowRows } from "./window-rows.ts";

/** Which windows an instant is in, found without asking each of them: a year has 8,760 of an hour. */
export class WindowPlaces {
  /** Where the windows that there are change, in order. */
  readonly #bounds: Float64Array;
  /** The windows from each bound to the next, in the order in which they were given. */
  readonly #windows: readonly (readonly WindowRows[])[];

  constructor(windows: readonly WindowRows[]) {
    const bounds = new Set(windows.flatMap(({ from, to }) => [from, to]));
    this.#bounds = Float64Array.from(bounds).sort();
    const places = new Map(Array.from(this.#bounds, (bound, i) => [bound, i]));
    const covering: WindowRows[][] = Array.from(this.#bounds, () => []);
    for (const window of windows)
      for (let i = places.get(window.from) as number; (this.#bounds[i] as number) < window.to; i++)
        covering[i]?.push(window);
    this.#windows = covering;
  }

  /** Those that an instant is in. */
  at(instant: number): readonly WindowRows[] {
    let [low, high] = [0, this.#bounds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bounds[middle] as number) <= instant) low = middle + 1;
      else high = middle;
    }
    return this.#windows[low - 1] ?? [];
  }
}
