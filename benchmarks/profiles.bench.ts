/**
 * What `collect` costs with profiles kept at the source, for frames that are kept and frames that the
 * sampling rate leaves out, beside the same without: one row of twenty columns, as column arrays.
 *
 * Calls of all subjects are measured in turns in one process, CPU of all threads in a process for each.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Benchmark, type Figures, resultsOf } from "./benchmark.ts";
import { startChild } from "./child.ts";
import type { ProfilesRequest } from "./profiles-process.ts";

const kept = "ours, column arrays";
const subjects = [kept, "ours, profiles", "ours, sampled out", "ours, sampled out, profiles"] as const;

const benchmark: Benchmark = async (context) => {
  const runs = context.scale === "full" ? 3 : 1;
  const ms = { full: 4_000, quick: 1_000, smoke: 10 }[context.scale];
  const rows = { full: 100_000, quick: 20_000, smoke: 100 }[context.scale];
  const figures = new Map<string, Figures[]>(subjects.map((subject) => [subject, []]));
  const ask = async <T>(request: ProfilesRequest): Promise<T> => {
    const child = startChild(new URL("./profiles-process.ts", import.meta.url));
    const answer = await child.ask<T>(request);
    await child.stop();
    await rm(request.folder, { recursive: true, force: true });
    return answer;
  };
  for (let run = 0; run < runs; run++) {
    const folder = join(context.folder, `${run}`);
    const calls = await ask<readonly Figures[]>({ kind: "calls", subjects, folder, ms });
    for (const [i, subject] of subjects.entries())
      figures
        .get(subject)
        ?.push({ ...calls[i], ...(await ask<Figures>({ kind: "all", subject, folder, rows })) });
  }
  return subjects.flatMap((subject) =>
    resultsOf(subject, figures.get(subject) ?? [], {
      facets: { contender: subject },
      ...(subject === kept ? {} : { ratioTo: kept }),
    }),
  );
};

export default benchmark;
