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

const pipeline = (rival: string, metric: string, limit: { atMost: number } | { atLeast: number }): Bound => {
  const part = metric === "p50" ? "paced" : "saturated";
  return {
    benchmark: "pipeline",
    figure: { name: `${part}: ours, group`, metric },
    dividedBy: { name: `${part}: ${rival}`, metric },
    ...limit,
  };
};

/** While it runs; a run of some seconds has as many files as one of minutes. */
const rates = (requestsPerSecond: number, atMost: number): Bound => ({
  benchmark: "rates",
  figure: { name: `${requestsPerSecond}/s, two: ours, group`, metric: "CPU without files" },
  dividedBy: { name: `${requestsPerSecond}/s, two: JSON lines`, metric: "CPU without files" },
  atMost,
});

/** Of a file of one row group; of a larger one it is so much less. */
const lookUp = (rows: number, atMost: number): Bound => ({
  benchmark: "look-up",
  figure: { name: `frames of ${rows} rows: look-up` },
  dividedBy: { name: `frames of ${rows} rows: the file` },
  atMost,
});

/** CPU time of all threads, or memory, against a rival that stores the same. */
const payload = (subject: string, rival: string, metric: string, atMost: number): Bound => ({
  benchmark: subject.startsWith("sidecar") ? "payload-sidecar" : "payload-middleware",
  figure: { name: subject, metric },
  dividedBy: { name: rival, metric },
  atMost,
});

/**
 * What must hold on a noisy machine of two cores, with room. These catch a path that became several times
 * slower, not one that became a tenth slower; that is for `npm run bench` on a quiet machine. Medians of the
 * time of calls, and throughput, hold there; delays of the event loop and highest percentiles do not, because
 * they measure who else wants the processor.
 */
export const bounds: readonly Bound[] = [
  collect("ours, column arrays", "structuredClone", 1),
  collect("ours, column arrays", "JSON lines", 0.5),
  collect("ours, danfojs", "structuredClone", 1),
  collect("ours, row objects", "JSON lines", 1),
  collect("ours, sampled out", "structuredClone", 0.25),
  collect("ours, switched off", "structuredClone", 0.25),
  pipeline("JSON lines", "p50", { atMost: 0.5 }),
  pipeline("hyparquet-writer", "rows/s", { atLeast: 1 }),
  pipeline("hyparquet-writer", "RSS", { atMost: 2 }),
  rates(200, 3),
  rates(2000, 1),
  {
    benchmark: "encode",
    figure: { name: "ours, zstd, frames of 10 rows" },
    dividedBy: { name: "hyparquet-writer, zstd" },
    atMost: 1 / 1.5,
  },
  {
    benchmark: "encode",
    figure: { name: "ours, zstd, frames of 10 rows" },
    dividedBy: { name: "nodejs-polars, zstd" },
    atMost: 1 / 1.2,
  },
  {
    benchmark: "import",
    figure: { name: "ours, import", metric: "CPU" },
    dividedBy: { name: "pino, import", metric: "CPU" },
    atMost: 2.5,
  },
  payload("node:http, ours", "node:http, pino-http with bodies", "full load CPU", 2),
  payload("node:http, ours", "node:http, pino-http with bodies", "RSS", 2),
  payload("sidecar, none", "http-proxy, none", "full load CPU", 1.5),
  payload("sidecar, ours", "http-proxy, with a body log", "full load CPU", 1.75),
  {
    benchmark: "compact",
    figure: { name: "500 files: ours, one thread", metric: "CPU" },
    dividedBy: { name: "500 files: DuckDB", metric: "CPU" },
    atMost: 4,
  },
  lookUp(1, 0.35),
  lookUp(10, 0.35),
  lookUp(1_000, 0.35),
];
