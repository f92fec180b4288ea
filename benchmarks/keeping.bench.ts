/**
 * What `collect` costs for frames that the sampling rate leaves out, without rules, with a rule that looks at a
 * column, and with a flight recorder that copies them, beside a frame that is kept: ten rows of twenty columns,
 * as column arrays.
 *
 * Each subject has a process of its own in each run; runs are interleaved.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type Figures, resultsOf } from "./benchmark.ts";
import { startChild } from "./child.ts";
import type { CollectRequest } from "./collect-process.ts";

const kept = "ours, column arrays";
const subjects = [
  kept,
  "ours, sampled out",
  "ours, sampled out, a column's rule",
  "ours, sampled out, flight recorder",
] as const;

const benchmark: Benchmark = async (context) => {
  const runs = context.scale === "full" ? 5 : 1;
  const budgetMs = { full: 500, quick: 500, smoke: 5 }[context.scale];
  const figures = new Map<string, Figures[]>(subjects.map((subject) => [subject, []]));
  for (let run = 0; run < runs; run++) {
    for (const subject of subjects) {
      const child = startChild(new URL("./collect-process.ts", import.meta.url));
      const folder = join(context.folder, `${run}-${subjects.indexOf(subject)}`);
      const request: CollectRequest = {
        ...{ subject, rows: 10, columns: 20, folder },
        ...{ warmUpMs: budgetMs / 3, budgetMs },
      };
      figures.get(subject)?.push(await child.ask<Figures>(request));
      await child.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }
  return subjects.flatMap((subject) =>
    resultsOf(subject, figures.get(subject) ?? [], {
      facets: { contender: subject },
      ...(subject === kept ? {} : { ratioTo: kept }),
    }),
  );
};

export default benchmark;
