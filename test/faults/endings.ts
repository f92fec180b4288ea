import { type Outcome, outcomeOf, windowText } from "./outcome.ts";
import type { Ending } from "./scenario.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { createWorld, filesUnder } from "./world.ts";
import type { WorkloadProcess } from "./workload.ts";

/** How a process ends, and what that may cost. */
interface EndOfLife {
  readonly fault: string;
  readonly ending: Ending;
  /** Exit code or signal that its parent must see: a collector changes neither. */
  readonly code: number | NodeJS.Signals;
  /** True if no frame that was offered may be missing, acknowledged or not. */
  readonly keepsAll: boolean;
  /** True if nothing may be left in the spool. */
  readonly delivers?: boolean;
  /** What its parent does to it; default: it is told to end. */
  readonly signal?: NodeJS.Signals;
  readonly nodeArgs?: readonly string[];
}

const endsOfLife: readonly EndOfLife[] = [
  { fault: "end of the program", ending: "natural", code: 0, keepsAll: true, delivers: true },
  { fault: "close", ending: "close", code: 0, keepsAll: true, delivers: true },
  { fault: "process.exit", ending: "exit", code: 7, keepsAll: true },
  { fault: "exception that nobody catches", ending: "throw", code: 1, keepsAll: true },
  { fault: "rejection that nobody handles", ending: "reject", code: 1, keepsAll: true },
  { fault: "SIGTERM without a handler", ending: "wait", code: "SIGTERM", keepsAll: false, signal: "SIGTERM" },
  {
    fault: "SIGTERM with a handler that closes",
    ending: "close-on-sigterm",
    code: 0,
    keepsAll: true,
    delivers: true,
    signal: "SIGTERM",
  },
  { fault: "SIGSEGV", ending: "wait", code: "SIGSEGV", keepsAll: false, signal: "SIGSEGV" },
  {
    fault: "heap out of memory",
    ending: "out-of-memory",
    code: "SIGABRT",
    keepsAll: false,
    nodeArgs: ["--max-old-space-size=40"],
  },
];

/** Every way in which a process can end, `times` each; half of them with durability `frame`. */
export async function endings(times: number): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of endsOfLife) outcomes.push(await endAgainAndAgain(one, times));
  return outcomes;
}

async function endAgainAndAgain(how: EndOfLife, times: number): Promise<Outcome> {
  const { fault, ending, code, keepsAll, delivers = false, signal, nodeArgs = [] } = how;
  await using world = await createWorld(`end-${ending}`);
  const problems: string[] = [];
  let fired = 0;
  for (let time = 0; time < times; time++) {
    const durability = time % 2 === 0 ? "group" : "frame";
    const child = world.start({ ending, deployment: { spool: { durability } } }, { nodeArgs });
    await child.ready;
    await new Promise((resolve) => setTimeout(resolve, 150 + ((time * 37) % 100)));
    if (signal === undefined) child.tell("end");
    else child.process.kill(signal);
    const result = await child.ended;
    if ((result.code ?? result.signal) === code) fired++;
    else
      problems.push(
        `it ended with ${result.code ?? result.signal}, not ${code}: ${child.output.slice(0, 500)}`,
      );
    // Of those that die suddenly, successors take over what is there.
    if (delivers && world.waiting().length > 0)
      problems.push(`left in the spool: ${world.waiting().join(", ")}`);
  }
  const verdict = await world.judge();
  const windows = verdict.windows.slice(0, times);
  const most = Math.max(0, ...windows);
  if (keepsAll && most > 0) problems.push(`${most} frames of one process are lost`);
  return outcomeOf(fault, { injected: times, fired }, verdict, windowText(windows), problems);
}

/**
 * A process that is stopped (SIGSTOP) for `stoppedMs` while others look for leavings of the dead: nothing may
 * be taken from it; afterwards it goes on as if nothing had been.
 */
export async function stoppedProcess(stoppedMs: number): Promise<Outcome> {
  await using world = await createWorld("stop");
  // What it has is not delivered for a while, so that there is something to take.
  const stopped = world.start({ deployment: { rotation: { maxAgeMs: 3_600_000 } } });
  await stopped.ready;
  await new Promise((resolve) => setTimeout(resolve, 400));
  stopped.process.kill("SIGSTOP");
  const end = performance.now() + stoppedMs;
  const before = world.waiting();
  let probes = 0;
  while (performance.now() < end) {
    const other = world.start({ frames: 20, ending: "natural" });
    await other.ended;
    probes++;
  }
  const taken = before.filter((path) => !world.waiting().includes(path));
  stopped.process.kill("SIGCONT");
  await new Promise((resolve) => setTimeout(resolve, 300));
  stopped.tell("end");
  await stopped.ended;
  const problems = taken.map((path) => `taken from a living process: ${path}`);
  if (before.length === 0) problems.push("there was nothing to take: the run is void");
  const verdict = await world.judge();
  if ((verdict.windows[0] ?? 0) > 0)
    problems.push(`${verdict.windows[0]} frames of the stopped process are lost`);
  const figure = `stopped ${(stoppedMs / 1_000).toFixed(0)} s, ${probes} processes looked, ${taken.length} adoptions`;
  return outcomeOf("SIGSTOP and SIGCONT", { injected: 1, fired: 1 }, verdict, figure, problems);
}

/**
 * Eight workers of one cluster that share a spool; one after the other is killed and replaced; then all at
 * once, and two heirs race.
 */
export async function clusterKills(kills: number): Promise<Outcome> {
  await using world = await createWorld("cluster");
  const random = seeded(kills);
  const start = (): WorkloadProcess => world.start({ rate: 300 }, { inCluster: true });
  const alive = Array.from({ length: 8 }, start);
  await Promise.all(alive.map(({ ready }) => ready));
  let fired = 0;
  const kill = async (one: WorkloadProcess): Promise<void> => {
    one.process.kill("SIGKILL");
    if ((await one.ended).signal === "SIGKILL") fired++;
  };
  for (let time = 0; time < kills; time++) {
    await new Promise((resolve) => setTimeout(resolve, random(150)));
    const place = random(alive.length);
    const victim = alive[place];
    if (victim === undefined) continue;
    await kill(victim);
    const heir = start();
    alive[place] = heir;
    await heir.ready;
  }
  await Promise.all(alive.map(kill));
  const dead = filesUnder(world.spool).filter((path) => path.endsWith("owner.json")).length;
  const heirs = [1, 2].map(() => world.start({ frames: 10, ending: "natural" }));
  await Promise.all(heirs.map(({ ended }) => ended));
  const verdict = await world.judge();
  const windows = verdict.windows.filter((_, index) => index < kills + 8);
  return outcomeOf(
    "SIGKILL of cluster workers, 8 at a time",
    { injected: kills + 8, fired },
    verdict,
    `two heirs at once for ${dead} folders; ${windowText(windows)}`,
  );
}
