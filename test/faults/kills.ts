import { setTimeout as sleep } from "node:timers/promises";
import type { Durability } from "model-data-collector";
import { startAzurite } from "../support/azurite.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { type Outcome, outcomeOf, windowText } from "./outcome.ts";
import { blobDestination, createWorld, type World } from "./world.ts";

/** SIGKILL at random moments, 120 to 620 ms after the process began to collect; files in a folder. */
export async function killsWithFolder(
  durability: Durability,
  kills: number,
  format: "parquet" | "jsonl" = "parquet",
): Promise<Outcome> {
  await using world = await createWorld(`kill-${durability}-${format}`, undefined, {
    deployment: { format, spool: { durability } },
  });
  const fired = await killAgainAndAgain(world, kills, 500);
  const verdict = await world.judge();
  return outcomeOf(
    `SIGKILL, durability ${durability}, folder${format === "jsonl" ? ", jsonl" : ""}`,
    { injected: kills, fired },
    verdict,
    windowText(verdict.windows.slice(0, kills), verdict.steadyWindows.slice(0, kills)),
    windowProblems(durability, verdict.windows.slice(0, kills)),
  );
}

/** The same, with Azurite behind a proxy that cuts connections in the middle of uploads. */
export async function killsWithBlobs(durability: Durability, kills: number): Promise<Outcome> {
  await using azurite = await startAzurite();
  const container = await azurite.container("kills");
  const proxy = await startTcpProxy(azurite.port);
  const random = seeded(7);
  // One connection after the other is cut, each after another number of bytes, in the request or at the
  // answer; in between, one gets through.
  let cutsBefore = -1;
  const cutting = setInterval(() => {
    if (proxy.faults === cutsBefore) return;
    cutsBefore = proxy.faults;
    const bytes = random(20_000);
    void proxy.setFault(
      random(10) < 6 ? { cutRequestAfterBytes: bytes } : { cutResponseAt: "201 Created" },
      1,
    );
  }, 300);
  try {
    await using world = await createWorld(
      `kill-${durability}-blobs`,
      () => blobDestination(azurite, container, proxy.port),
      { deployment: { spool: { durability } } },
    );
    const fired = await killAgainAndAgain(world, kills, 1_000, () => proxy.faults > 0);
    clearInterval(cutting);
    await proxy.setFault(undefined);
    const cuts = proxy.faults;
    const verdict = await world.judge();
    return outcomeOf(
      `SIGKILL, durability ${durability}, blobs, uploads cut`,
      { injected: kills, fired },
      verdict,
      `${cuts} connections cut; ${windowText(verdict.windows.slice(0, kills), verdict.steadyWindows.slice(0, kills))}`,
      [
        ...windowProblems(durability, verdict.windows.slice(0, kills)),
        ...(cuts === 0 ? ["no connection was cut: the run is void"] : []),
      ],
    );
  } finally {
    clearInterval(cutting);
    await proxy.close();
  }
}

/**
 * Starts a process, kills it, starts its successor; returns how many were still alive to be killed.
 *
 * @param isReady none is killed before it says so, or half a minute is over: a busy machine takes its time.
 */
async function killAgainAndAgain(
  world: World,
  kills: number,
  spreadMs: number,
  isReady: () => boolean = () => true,
): Promise<number> {
  const random = seeded(kills);
  let fired = 0;
  for (let kill = 0; kill < kills; kill++) {
    const child = world.start();
    await child.ready;
    await sleep(120 + random(spreadMs));
    for (const end = performance.now() + 30_000; !isReady() && performance.now() < end; ) await sleep(50);
    child.process.kill("SIGKILL");
    const { signal } = await child.ended;
    if (signal === "SIGKILL") fired++;
  }
  return fired;
}

/** With durability `frame` only the frame whose call never returned may be missing. */
function windowProblems(durability: Durability, windows: readonly number[]): string[] {
  const most = Math.max(0, ...windows);
  return durability === "frame" && most > 1
    ? [`${most} frames were lost by one kill with durability frame`]
    : [];
}
