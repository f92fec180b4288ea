/**
 * A process is killed while its spool is full of frames that could not be delivered. How soon can its
 * successor collect, and how fast does it deliver what it finds?
 */
import { join } from "node:path";
import { type Benchmark, type Figures, resultsOf } from "./benchmark.ts";
import { askOnce, startChild } from "./child.ts";
import type { Filled, Recovered, RecoveryRequest } from "./recovery-process.ts";

const module = new URL("./recovery-process.ts", import.meta.url);

const benchmark: Benchmark = async (context) => {
  const runs = context.scale === "full" ? 3 : 1;
  const sizes = [0, context.size(64, 1), context.size(256, 2)];
  const figures = new Map(sizes.map((megabytes) => [megabytes, [] as Figures[]]));
  for (let run = 0; run < runs; run++) {
    for (const [megabytes, ofSize] of figures) {
      ofSize.push(await recoverFrom(join(context.folder, `${run}-${megabytes}`), megabytes * 1e6));
    }
  }
  return [...figures].flatMap(([megabytes, ofSize]) =>
    resultsOf(`${megabytes} MB in the spool`, ofSize, { facets: { megabytes } }),
  );
};

export default benchmark;

async function recoverFrom(folder: string, bytes: number): Promise<Figures> {
  const filler = startChild(module);
  const filled = await filler.ask<Filled>({ kind: "fill", folder, bytes } satisfies RecoveryRequest);
  await filler.kill();
  const found = await askOnce<Recovered>(module, {
    kind: "recover",
    folder,
    bytes,
  } satisfies RecoveryRequest);
  if (found.rows !== filled.rows)
    throw new Error(`expected ${filled.rows} rows recovered, got ${found.rows}`);
  const rate = bytes === 0 ? null : filled.bytes / 1000 / (found.deliveredMs - found.usableMs);
  return {
    "collect usable after": { unit: "ms", value: found.usableMs },
    "its frame spooled after": { unit: "ms", value: found.spooledMs },
    "all delivered after": { unit: "ms", value: found.deliveredMs },
    recovery: { unit: "MB/s", value: rate },
  };
}
