/**
 * Does anything grow? Frames of 10 x 20 as fast as they are taken for most of a minute: memory, spool and
 * throughput over time. The slope is that of a straight line through the second half, by least squares.
 */
import { type Benchmark, type BenchmarkResult, spread } from "./benchmark.ts";
import { askOnce } from "./child.ts";
import type { GrowthRequest, GrowthSample } from "./growth-process.ts";

const shape = { rows: 10, columns: 20 };

const benchmark: Benchmark = async (context) => {
  const request: GrowthRequest = {
    folder: context.folder,
    seconds: context.size(45, 0.5),
    sampleMs: context.smoke ? 100 : 1000,
    ...shape,
  };
  const samples = await askOnce<GrowthSample[]>(new URL("./growth-process.ts", import.meta.url), request);
  return [
    series("RSS", samples, ({ rssBytes }) => rssBytes / 1e6),
    slope("RSS", samples, ({ rssBytes }) => rssBytes / 1e6),
    series("JavaScript heap", samples, ({ heapBytes }) => heapBytes / 1e6),
    slope("JavaScript heap", samples, ({ heapBytes }) => heapBytes / 1e6),
    series("spool on disk", samples, ({ spoolBytes }) => spoolBytes / 1e6),
    throughput(samples),
  ];
};

export default benchmark;

type Figure = (sample: GrowthSample) => number;

function series(name: string, samples: readonly GrowthSample[], value: Figure): BenchmarkResult {
  const points = samples.map((sample) => [sample.second, value(sample)] as const);
  return { name, unit: "MB", ...spread(points.map(([, y]) => y)), points };
}

function slope(name: string, samples: readonly GrowthSample[], value: Figure): BenchmarkResult {
  const late = secondHalf(samples);
  const mean = (figure: Figure): number =>
    late.reduce((sum, sample) => sum + figure(sample), 0) / late.length;
  const [x0, y0] = [mean(({ second }) => second), mean(value)];
  const covariance = mean((sample) => (sample.second - x0) * (value(sample) - y0));
  const variance = mean(({ second }) => (second - x0) ** 2);
  return {
    name: `${name}: slope`,
    unit: "MB/min",
    ...spread([variance === 0 ? 0 : (covariance / variance) * 60]),
  };
}

function throughput(samples: readonly GrowthSample[]): BenchmarkResult {
  const rates = samples.slice(1).map(({ second, rows }, index) => {
    const before = samples[index];
    return [second, (rows - (before?.rows ?? 0)) / (second - (before?.second ?? 0))] as const;
  });
  const [first, last] = [secondHalf(samples)[0], samples.at(-1)];
  if (first === undefined || last === undefined || first === last)
    throw new Error("expected several samples");
  const mean = (last.rows - first.rows) / (last.second - first.second);
  return { name: "delivered", unit: "rows/s", ...spread([mean]), points: rates, facets: shape };
}

function secondHalf(samples: readonly GrowthSample[]): readonly GrowthSample[] {
  return samples.slice(Math.floor(samples.length / 2));
}
