import { setTimeout as sleep } from "node:timers/promises";
import { seeded } from "../support/simulated-file-system.ts";
import { type Outcome, outcomeOf, windowText } from "./outcome.ts";
import type { ThreadFault } from "./preload/thread-fault.ts";
import { createWorld, type World, type WorldScenario } from "./world.ts";
import type { WorkloadProcess } from "./workload.ts";

/** Starts a process in which that goes wrong. */
function startFaulty(world: World, fault: ThreadFault, scenario: WorldScenario = {}): WorkloadProcess {
  const preload = new URL("./preload/host.ts", import.meta.url).href;
  return world.start(scenario, {
    nodeArgs: ["--import", preload],
    env: { MDC_TEST_FAULT: JSON.stringify(fault) },
  });
}

/**
 * The background thread dies, three times in each process; it is started again, and nothing is missing or
 * doubled. On a slow machine it may die before it was up, and the process gives it up and does the work
 * itself: then it dies less often.
 */
export async function threadDeaths(
  kind: NonNullable<ThreadFault["kind"]>,
  processes: number,
): Promise<Outcome> {
  await using world = await createWorld(`thread-${kind}`);
  const times = 3;
  const problems: string[] = [];
  let fired = 0;
  for (let n = 0; n < processes; n++) {
    const durability = n % 2 === 0 ? "group" : "frame";
    const fault: ThreadFault = { kind, times, afterMs: 300 + ((n * 61) % 200) };
    const child = startFaulty(world, fault, { rate: 1_000, deployment: { spool: { durability } } });
    await child.ready;
    const end = performance.now() + 40_000;
    while (child.journal().deaths < times && performance.now() < end) await sleep(50);
    fired += child.journal().deaths;
    // Long enough for the last one to take over.
    await sleep(300);
    child.tell("end");
    const { code } = await child.ended;
    if (code !== 0) problems.push(`its process ended with ${code}: ${child.output.slice(0, 500)}`);
    if (world.waiting().length > 0) problems.push(`left in the spool: ${world.waiting().join(", ")}`);
  }
  const verdict = await world.judge();
  const missing = verdict.windows.reduce((sum, count) => sum + count, 0);
  if (missing > 0) problems.push(`${missing} frames are lost with the thread`);
  return outcomeOf(
    `background thread: ${kind}`,
    { injected: processes * times, fired },
    verdict,
    `${missing} frames lost, of offered ones too`,
    problems,
  );
}

/**
 * The background thread hangs in an endless loop: `close` comes to an end all the same, and loses nothing.
 */
export async function threadHangsAtClose(): Promise<Outcome> {
  await using world = await createWorld("thread-hangs");
  const child = startFaulty(world, { kind: "loop", times: 1, afterMs: 400 }, { rate: 1_000, closeMs: 1_500 });
  await child.ready;
  await sleep(1_200);
  const start = performance.now();
  child.tell("end");
  const { code } = await child.ended;
  const tookMs = performance.now() - start;
  const verdict = await world.judge();
  const problems = code === 0 ? [] : [`its process ended with ${code}: ${child.output.slice(0, 500)}`];
  const missing = verdict.windows.reduce((sum, count) => sum + count, 0);
  if (missing > 0) problems.push(`${missing} frames are lost with the thread`);
  if (tookMs > 15_000) problems.push(`close took ${tookMs} ms of a deadline of 1,500`);
  const figure = `close with a deadline of 1.5 s took ${(tookMs / 1_000).toFixed(1)} s`;
  return outcomeOf(
    "background thread: loop, then close",
    { injected: 1, fired: 1 },
    verdict,
    figure,
    problems,
  );
}

/** The background thread hangs while the process goes on: it is found out, ended and replaced. */
export async function threadHangs(): Promise<Outcome> {
  await using world = await createWorld("thread-loop");
  const child = startFaulty(world, { kind: "loop", times: 1, afterMs: 400 }, { rate: 200 });
  await child.ready;
  const start = performance.now();
  while (child.journal().deaths === 0 && performance.now() - start < 100_000) await sleep(200);
  const foundMs = performance.now() - start;
  const fired = child.journal().deaths;
  await sleep(2_000);
  child.tell("end");
  await child.ended;
  const verdict = await world.judge();
  const missing = verdict.windows.reduce((sum, count) => sum + count, 0);
  const figure = `replaced after ${(foundMs / 1_000).toFixed(0)} s`;
  const problems = missing > 0 ? [`${missing} frames are lost with the thread`] : [];
  return outcomeOf("background thread: loop, found out", { injected: 1, fired }, verdict, figure, problems);
}

/**
 * The wall clock jumps by an hour and by a year, to and fro, in both threads; half of the processes are
 * killed.
 */
export async function clockJumps(processes: number): Promise<Outcome> {
  const hour = 3_600_000;
  const year = 365 * 24 * hour;
  await using world = await createWorld("clock");
  const random = seeded(processes);
  let fired = 0;
  for (let n = 0; n < processes; n++) {
    const child = startFaulty(world, { clockJumpsMs: [0, hour, -hour, year, -year] });
    await child.ready;
    await sleep(700 + random(1_200));
    if (n % 2 === 0) child.process.kill("SIGKILL");
    else child.tell("end");
    await child.ended;
  }
  const verdict = await world.judge();
  const { partitions, misplaced } = await partitionsOf(await world.download());
  fired = partitions.size > 1 ? processes : 0;
  return outcomeOf(
    "clock jumps of an hour and a year",
    { injected: processes, fired },
    verdict,
    `${partitions.size} partitions, ${misplaced} rows in a wrong one; ${windowText(verdict.windows.filter((_, n) => n % 2 === 0 && n < processes))}`,
    misplaced > 0 ? [`${misplaced} rows lie in a partition that is not their request's`] : [],
  );
}

async function partitionsOf(folder: string): Promise<{ partitions: Set<string>; misplaced: number }> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const reader = await connection.runAndReadAll(`
    SELECT inference_date || ' ' || inference_hour AS partition,
      count(*) FILTER (strftime(mdc_request_time, '%Y-%m-%d %H') <> inference_date || ' ' || inference_hour)::INT AS misplaced
    FROM read_parquet('${folder}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false, union_by_name = true)
    GROUP BY 1`);
  const rows = reader.getRowObjects() as unknown as { partition: string; misplaced: number }[];
  connection.closeSync();
  instance.closeSync();
  return {
    partitions: new Set(rows.map(({ partition }) => partition)),
    misplaced: rows.reduce((sum, { misplaced }) => sum + misplaced, 0),
  };
}
