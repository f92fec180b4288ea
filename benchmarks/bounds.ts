/** Which figure of which benchmark: as its result is named. */
export interface FigureName {
  readonly name: string;
  readonly metric?: string;
}

/** A ratio of two figures of one run, and how far it may go. */
export interface Bound {
  readonly benchmark: string;
  readonly figure: FigureName;
  readonly dividedBy: FigureName;
  /** The ratio may not be above this. */
  readonly atMost?: number;
  /** The ratio may not be below this. */
  readonly atLeast?: number;
}

const collect = (name: string, dividedBy: string, atMost: number): Bound => ({
  benchmark: "collect",
  figure: { name: `${name}, 10 × 20`, metric: "p50" },
  dividedBy: { name: `${dividedBy}, 10 × 20`, metric: "p50" },
  atMost,
});

const saturated = (rival: string, atLeast: number): Bound => ({
  benchmark: "pipeline",
  figure: { name: "saturated: ours, group", metric: "rows/s" },
  dividedBy: { name: `saturated: ${rival}`, metric: "rows/s" },
  atLeast,
});

/**
 * What must hold on a noisy machine of two cores, with room: about half of what a quiet one shows. They catch a path that
 * became several times slower, not one that became a tenth slower; that is for `npm run bench` on a quiet machine.
 */
export const bounds: readonly Bound[] = [
  collect("ours, column arrays", "structuredClone", 1),
  collect("ours, column arrays", "JSON lines", 0.25),
  collect("ours, danfojs", "structuredClone", 1),
  collect("ours, row objects", "JSON lines", 0.75),
  collect("ours, sampled out", "structuredClone", 0.3),
  collect("ours, switched off", "structuredClone", 0.3),
  saturated("hyparquet-writer", 1.5),
  saturated("JSON lines", 1.5),
  {
    benchmark: "encode",
    figure: { name: "ours, zstd, frames of 10 rows" },
    dividedBy: { name: "hyparquet-writer, zstd" },
    atMost: 1 / 1.5,
  },
];
