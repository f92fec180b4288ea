/**
 * What a call of `collect` costs its caller: frames of 1 to 1,000 rows and 5 to 500 columns, and of 100,000
 * rows and 20 columns (of twenty, twelve doubles, six strings of a hundred values, a boolean, a UUID), in the
 * forms that people have them in, beside the ways in which Node can copy or write a frame itself. The time
 * includes that of two looks at the clock, which is measured too.
 *
 * Each subject has a process of its own in each run; runs are interleaved.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type Figures, resultsOf, type Scale } from "./benchmark.ts";
import { bounds } from "./bounds.ts";
import { startChild } from "./child.ts";
import type { CollectRequest } from "./collect-process.ts";

const allShapes = [
  ...[1, 10, 100, 1000].flatMap((rows) => [5, 20, 500].map((columns) => ({ rows, columns }))),
  { rows: 100_000, columns: 20 },
];
/** In every shape. */
const widely = [
  "structuredClone",
  "ours, column arrays",
  "ours, row objects",
  "ours, danfojs",
  "ours, Arrow",
];
/** With twenty columns, up to a thousand rows. */
const rivals = ["v8.serialize", "postMessage", "JSON lines", "pino"];
/** With ten rows of twenty columns. */
const modes = ["the clock", "ours, memory", "ours, frame", "ours, switched off", "ours, sampled out"];
const all = [...widely, ...rivals, ...modes];

/** What has a bound. */
const boundNames = bounds.flatMap(({ figure, dividedBy }) => [figure.name, dividedBy.name]);
const bounded = all.filter((subject) => boundNames.includes(`${subject}, 10 × 20`));

/** What is measured, and for how long. */
interface Extent extends Pick<CollectRequest, "warmUpMs" | "budgetMs"> {
  readonly subjects: readonly string[];
  readonly shapes: readonly Pick<CollectRequest, "rows" | "columns">[];
  readonly runs: number;
}

/**
 * A shape alone has to be compiled in its own time; of many, each begins with what those before it left. Of what
 * has a bound there are five runs: the speed of a machine that others use changes from one to the next.
 */
const scales: Readonly<Record<Scale, Extent>> = {
  full: { subjects: all, shapes: allShapes, runs: 3, warmUpMs: 85, budgetMs: 250 },
  quick: { subjects: bounded, shapes: [{ rows: 10, columns: 20 }], runs: 5, warmUpMs: 1_300, budgetMs: 500 },
  smoke: { subjects: all, shapes: [{ rows: 10, columns: 20 }], runs: 1, warmUpMs: 2, budgetMs: 5 },
};

const benchmark: Benchmark = async (context) => {
  const { subjects, shapes, runs, warmUpMs, budgetMs } = scales[context.scale];
  const cases = subjects.flatMap((subject) =>
    shapes
      .filter(({ rows, columns }) => widely.includes(subject) || (columns === 20 && rows <= 1000))
      .filter(({ rows }) => !modes.includes(subject) || rows === 10)
      .map((shape) => ({ subject, ...shape, runs: [] as Figures[] })),
  );
  for (let run = 0; run < runs; run++) {
    for (const subject of subjects) {
      const child = startChild(new URL("./collect-process.ts", import.meta.url));
      for (const one of cases.filter((other) => other.subject === subject)) {
        const folder = join(context.folder, `${run}-${cases.indexOf(one)}`);
        const { rows, columns } = one;
        const request: CollectRequest = { subject, rows, columns, folder, warmUpMs, budgetMs };
        one.runs.push(await child.ask<Figures>(request));
        await rm(folder, { recursive: true, force: true });
      }
      await child.stop();
    }
  }
  return cases.flatMap(({ subject, rows, columns, runs: figures }) =>
    resultsOf(`${subject}, ${rows} × ${columns}`, figures, {
      facets: { contender: subject, rows, columns },
      ...(subject === "structuredClone" ? {} : { ratioTo: `structuredClone, ${rows} × ${columns}` }),
    }),
  );
};

export default benchmark;
