/** A benchmark file `<name>.bench.ts` has one of these as its default export. */
export type Benchmark = (context: BenchmarkContext) => Promise<readonly BenchmarkResult[]>;

/** One measured figure. */
export interface BenchmarkResult {
  /** What was measured, and of whom: `wire, 20 doubles`, `wire, Arrow IPC`. */
  readonly name: string;
  /** Which of several figures of that name: `p99`, `CPU`. Absent when there is but one. */
  readonly metric?: string;
  /** Unit of the figures: `ms`, `µs/frame`, `MB/s`, `bytes/row`. */
  readonly unit: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** How many measurements the figures stand on. */
  readonly runs: number;
  /**
   * The result that this one is compared with, by its name (and this one's metric); the table shows this
   * median divided by that one.
   */
  readonly ratioTo?: string;
  /** What the name says, for programs: `{ contender: "pino", rows: 10, columns: 20 }`. */
  readonly facets?: Facets;
  /** How the figure went over time, if that matters: pairs of seconds and value. */
  readonly points?: readonly (readonly [seconds: number, value: number])[];
}

/** What tells one result of a benchmark from another. */
export type Facets = Readonly<Record<string, string | number>>;

/**
 * How much is measured: `full` for figures to publish; `quick`, about a tenth, for ratios with generous
 * bounds; `smoke` for proof that the benchmark works.
 */
export type Scale = "full" | "quick" | "smoke";

/** What a benchmark is given. */
export interface BenchmarkContext {
  readonly scale: Scale;
  /** True when only tiny sizes are wanted, to prove that the benchmark works. */
  readonly smoke: boolean;
  /** An empty folder, removed afterwards. */
  readonly folder: string;
  /** `full`; a tenth of it but no less than `tiny` in a quick run; `tiny` in a smoke run. */
  size(full: number, tiny: number): number;
  /**
   * Runs `work` a few times unmeasured, then `runs` times (default 15; 5 in a quick run, 2 in a smoke run)
   * and gives its durations in milliseconds, or what `toFigure` makes of each.
   */
  measure(name: string, work: () => unknown, options?: MeasureOptions): Promise<BenchmarkResult>;
}

/** Options of {@link BenchmarkContext.measure}. */
export interface MeasureOptions {
  /** Measured runs. Default 15. */
  readonly runs?: number;
  /** Runs before, for the compiler to settle. Default 3. */
  readonly warmup?: number;
  /** Default `ms`. */
  readonly unit?: string;
  /** The figure of a run that took `ms`. Default: `ms` itself. */
  readonly toFigure?: (ms: number) => number;
  /** Runs before each run, outside the measured time: fresh input, an empty folder. */
  readonly before?: () => unknown;
  readonly ratioTo?: string;
}

/** What a benchmark needs and this machine does not have; thrown, it is told in place of figures. */
export class NotHere extends Error {
  override readonly name: string = "NotHere";
}

/** The context of one benchmark. */
export function createContext({ scale, folder }: { scale: Scale; folder: string }): BenchmarkContext {
  const smoke = scale === "smoke";
  return {
    scale,
    smoke,
    folder,
    size: (full, tiny) => (smoke ? tiny : scale === "quick" ? Math.max(tiny, Math.round(full / 10)) : full),
    async measure(name, work, options = {}) {
      const { unit = "ms", toFigure = (ms: number) => ms, before, ratioTo } = options;
      const most = { full: Number.POSITIVE_INFINITY, quick: 5, smoke: 2 }[scale];
      const runs = Math.min(options.runs ?? 15, most);
      const figures: number[] = [];
      for (let run = -(smoke ? 0 : (options.warmup ?? 3)); run < runs; run++) {
        await before?.();
        const start = performance.now();
        const result = work();
        if (result instanceof Promise) await result;
        const ms = performance.now() - start;
        if (run >= 0) figures.push(toFigure(ms));
      }
      return { name, unit, ...spread(figures), ...(ratioTo === undefined ? {} : { ratioTo }) };
    },
  };
}

/** Median, least, greatest and number of figures that a benchmark took in its own way. */
export function spread(figures: readonly number[]): Pick<BenchmarkResult, "median" | "min" | "max" | "runs"> {
  if (figures.length === 0) throw new RangeError("spread: expected at least one figure, got none");
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] as number;
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), runs: sorted.length };
}

/** What one run measured, by metric; a metric whose figure is null in a run says nothing in that run. */
export type Figures = Readonly<Record<string, { readonly unit: string; readonly value: number | null }>>;

/** A result for each metric that several runs measured. */
export function resultsOf(
  name: string,
  runs: readonly Figures[],
  about: Pick<BenchmarkResult, "ratioTo" | "facets"> = {},
): BenchmarkResult[] {
  return Object.entries(runs[0] ?? {}).flatMap(([metric, { unit }]): BenchmarkResult[] => {
    const values = runs.map((figures) => figures[metric]?.value ?? null).filter((value) => value !== null);
    return values.length === 0 ? [] : [{ name, metric, unit, ...spread(values), ...about }];
  });
}
