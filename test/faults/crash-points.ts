import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Durability } from "model-data-collector";
import { startAzurite } from "../support/azurite.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { type CrashGroup, crashGroups, type CrashPoint, tornRecord } from "./crash-groups.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import type { CrashPlan, CrashSide } from "./preload/crash-plan.ts";
import { leaveRepeatedRecords } from "./repeated-records.ts";
import { sizeOf } from "./secrets.ts";
import { mebibytes } from "./storage-stage.ts";
import type { StartOptions, WorkloadProcess } from "./workload.ts";
import { blobDestination, createWorld, type World, type WorldScenario } from "./world.ts";

/** Few frames, so that a process soon comes to the end of its life, if it is not to die before. */
const shortLife: WorldScenario = { frames: 120, rate: 1_000, barrierMs: 15 };

/** Every point of the groups named (default all), on each of its sides. */
export async function crashPoints(
  durability: Durability,
  options: { readonly groups?: readonly string[]; readonly sides?: readonly CrashSide[] } = {},
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const group of crashGroups) {
    if (options.groups?.includes(group.name) === false) continue;
    outcomes.push(await crashGroup(group, durability, options.sides ?? ["before", "half", "after"]));
  }
  return outcomes;
}

async function crashGroup(
  group: CrashGroup,
  durability: Durability,
  sides: readonly CrashSide[],
): Promise<Outcome> {
  await using azurite = group.blobs === true ? await startAzurite() : undefined;
  const container = await azurite?.container("points");
  await using world = await createWorld(
    `point-${durability}-${group.name.replaceAll(/\W+/g, "-")}`,
    azurite === undefined || container === undefined
      ? undefined
      : () => blobDestination(azurite, container, azurite.port),
    {
      ...shortLife,
      ...group.scenario,
      deployment: { spool: { durability, ...group.scenario?.deployment?.spool } },
    },
  );
  const deaths = group.points.flatMap((point) =>
    sides
      .filter((side) => (group.blobs === true ? side === "after" : side !== "half" || point.writes === true))
      .map((side) => ({ point, side })),
  );
  const problems: string[] = [];
  let fired = 0;
  let again = 0;
  for (const [index, { point, side }] of deaths.entries()) {
    // Now and then somebody may tidy up; else what each has to take over grows as fast as what it gets done.
    if (index % 4 === 3 || point.fresh === true) await world.drain();
    if (point.fresh === true) rmSync(join(world.spool, "mc1"), { recursive: true, force: true });
    const plan: CrashPlan = { point: point.name, side, nth: point.nth ?? 1 };
    const ends = await dieAt(world, point, plan, index);
    if (ends === undefined) fired++;
    else problems.push(`${point.name}, ${side}: no process came there: ${ends.join("; ")}`);
    if (side !== "after") continue;
    // Its successor dies there too, or lives to its end if it does not come there.
    const successor = await lifeOf(world, plan, index);
    if (successor.journal().killedAt === point.name) again++;
  }
  return outcomeOf(
    `SIGKILL at named points: ${group.name}, durability ${durability}`,
    { injected: deaths.length, fired },
    await world.judge(),
    `${group.points.length} points, ${sides.join(", ")}; ${again} successors died where their predecessor had`,
    problems,
  );
}

/**
 * What the point needs, then a process that dies at it. On a slow machine some calls fall together: then once
 * more. Undefined if one died there, or how all ended.
 */
async function dieAt(
  world: World,
  point: CrashPoint,
  plan: CrashPlan,
  index: number,
): Promise<readonly string[] | undefined> {
  const ends: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    if (point.after === "repeated records") await leaveRepeatedRecords(world);
    else if (point.after !== undefined) ends.push(await endOf(await lifeOf(world, point.after, index)));
    const victim = await lifeOf(world, plan, attempt === 0 ? index : 1_000 * attempt + index);
    if (victim.journal().killedAt === point.name) return undefined;
    ends.push(await endOf(victim));
  }
  return ends;
}

/** How a process ended, for people. */
async function endOf(one: WorkloadProcess): Promise<string> {
  const { code, signal } = await one.ended;
  const { killedAt = "no point", offered } = one.journal();
  return `${one.writer}: ${code ?? signal} at ${killedAt}, ${offered} frames ${one.output.slice(0, 200)}`;
}

/**
 * What a process does to the disk from its start to its end, after one that was killed in the middle of a
 * record: every step has a name, and the names are those of the groups, or a step that only something unusual
 * brings about is missing there.
 */
export async function stepsOfLife(durability: Durability): Promise<{
  readonly steps: ReadonlySet<string>;
  /** Steps that no group has. */
  readonly unknown: readonly string[];
}> {
  const scenario = { ...shortLife, deployment: { spool: { durability } } };
  await using world = await createWorld(`steps-${durability}`, undefined, scenario);
  await lifeOf(world, tornRecord, 0);
  const { steps } = (await lifeOf(world, { trace: true }, 1)).journal();
  const known = new Set(crashGroups.flatMap(({ points }) => points.map(({ name }) => name)));
  return { steps: new Set(steps), unknown: [...new Set(steps)].filter((name) => !known.has(name)) };
}

/** A process that dies at a point, if it comes there. */
async function lifeOf(world: World, plan: CrashPlan, index: number): Promise<WorkloadProcess> {
  // Folders and types at the destination are new to each.
  const deployment = { endpoint: `faults-${index}` };
  const child = world.start({ deployment }, crashingAt(plan));
  await child.ended;
  return child;
}

function crashingAt(plan: CrashPlan): Pick<StartOptions, "nodeArgs" | "env"> {
  return {
    nodeArgs: ["--import", new URL("./preload/crash.ts", import.meta.url).href],
    env: { MDC_TEST_CRASH: JSON.stringify(plan) },
  };
}

/**
 * A process leaves much, and its heirs die one after the other, ten in a row, 5 to 200 ms after they began to
 * take it over. Then one is left alone, and finds everything.
 */
export async function killsInRecovery(rounds: number): Promise<Outcome> {
  const inARow = 10;
  const random = seeded(rounds);
  await using world = await createWorld("recovery", undefined, {
    collections: Array.from({ length: 8 }, (_, index) => `frames-${index}`),
  });
  let fired = 0;
  let drains = 0;
  let left = 0;
  for (let round = 0; round < rounds; round++) {
    const rotation = { maxAgeMs: 3_600_000 };
    const dying = world.start({ paddingBytes: 1_000, deployment: { rotation } });
    await dying.ready;
    await sleep(700);
    dying.process.kill("SIGKILL");
    await dying.ended;
    left += sizeOf(world.spool);
    for (let kill = 0; kill < inARow; kill++) {
      const heir = world.start({ gate: "open", rate: 200 });
      await heir.ready;
      heir.tell("go");
      await sleep(5 + random(196));
      heir.process.kill("SIGKILL");
      const { signal } = await heir.ended;
      if (signal === "SIGKILL" && world.waiting().length > 0) fired++;
    }
    drains = Math.max(drains, await world.drain());
  }
  const figure = `${inARow} in a row, each 5 to 200 ms in; ${mebibytes(left / rounds)} MiB left by the first; then empty after ${drains} successor(s) at most`;
  return outcomeOf(
    "SIGKILL in recovery, again and again",
    { injected: rounds * inARow, fired },
    await world.judge(),
    figure,
    drains > 1 ? [`it took ${drains} successors to empty the spool`] : [],
  );
}
