import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startAzurite } from "../support/azurite.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { holdLedger } from "./ledger.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { WorkloadProcess } from "./workload.ts";
import { blobDestination, createWorld, filesUnder } from "./world.ts";

/** Frames a second of each process: replicas of a service, which this one machine has all at once. */
const rate = 20;

/**
 * Many processes store into one container at the same time, over one spool; each is killed at a random moment, or,
 * one time in four, ended by SIGTERM, and followed by the next one. No two files may have one name, nothing may be lost
 * or stored twice, and the ledgers of all processes must add up to what is stored.
 */
export async function fleet(processes: number, seconds: number): Promise<Outcome> {
  await using azurite = await startAzurite();
  const container = await azurite.container("fleet");
  await using world = await createWorld(
    "fleet",
    () => blobDestination(azurite, container, azurite.port),
    { rate, barrierMs: 500, deployment: { rotation: { maxAgeMs: 1_000 } } },
    { lifeMs: (seconds + 600) * 1_000 },
  );
  const random = seeded(processes);
  const killed: WorkloadProcess[] = [];
  const ended: WorkloadProcess[] = [];
  const problems: string[] = [];
  let until = Number.POSITIVE_INFINITY;
  const live = async (): Promise<void> => {
    for (;;) {
      const one = world.start({ ending: "close-on-sigterm" });
      await one.ready;
      const isLast = !(await passes(1_000 + random((seconds * 1_000) / 4), () => performance.now() > until));
      const isKilled = !isLast && random(4) > 0;
      one.process.kill(isKilled ? "SIGKILL" : "SIGTERM");
      const { code, signal } = await one.ended;
      if (signal === "SIGKILL") killed.push(one);
      else if (code === 0) ended.push(one);
      else problems.push(`${one.writer} ended with ${code ?? signal}: ${one.output.slice(0, 500)}`);
      if (isLast) return;
    }
  };
  const living = Array.from({ length: processes }, live);
  // Time counts from when all of them are there.
  await Promise.race([
    Promise.all(living),
    (async () => {
      while (world.processes.length < processes) await sleep(100);
      await Promise.all(world.processes.slice(0, processes).map(({ ready }) => ready));
    })(),
  ]);
  until = performance.now() + seconds * 1_000;
  await Promise.all(living);
  const verdict = await world.judge();
  // Below the prefix of `blobDestination`.
  const folder = join(await world.download(), "logs");
  const ledger = await holdLedger(world, folder, killed);
  const names = filesUnder(folder)
    .filter((path) => path.endsWith(".parquet"))
    .map((path) => basename(path));
  const collisions = names.length - new Set(names).size;
  return outcomeOf(
    "a fleet of processes, killed and restarted",
    { injected: killed.length + ended.length, fired: killed.length },
    verdict,
    `${processes} processes at once for ${seconds} s, ${world.processes.length} in all: ${killed.length} killed, ` +
      `${ended.length} ended; ${names.length} files, ${collisions} of one name; ` +
      `the ledgers tell of ${ledger.offered} frames offered and ${ledger.stored} stored`,
    [
      ...problems,
      ...ledger.problems,
      ...(collisions === 0 ? [] : [`${collisions} files have a name that another one has`]),
    ],
  );
}

/** True when the time has passed; false if, before, it is over. */
async function passes(ms: number, isOver: () => boolean): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(50))
    if (isOver()) return false;
  return true;
}
