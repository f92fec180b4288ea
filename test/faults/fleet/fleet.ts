import { setPriority } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Azurite, startAzurite } from "../../support/azurite.ts";
import { type Random, seeded } from "../../support/simulated-file-system.ts";
import type { Outcome } from "../outcome.ts";
import type { WorkloadProcess } from "../workload.ts";
import {
  blobDestination,
  createWorld,
  type Destination,
  filesUnder,
  folderDestination,
  type World,
} from "../world.ts";
import { type FleetVerdict, judgeFleet } from "./fleet-judge.ts";
import { RequestLog } from "./requests.ts";
import { drainVolumes, type Volume, waitingIn } from "./volumes.ts";

/** How large a fleet is, and where it stores. */
export interface FleetPlan {
  /** At a time. */
  readonly writers: number;
  readonly seconds: number;
  readonly store: "blobs" | "folder";
  /** Requests a second of each. */
  readonly rate: number;
  /** Milliseconds between two deaths, on average. */
  readonly everyMs: number;
}

const collections = ["inputs", "outputs"];
const startsAtOnce = 4;
/** How writers die, by turns: killed, and their volume is kept or lost; or ended by SIGTERM. */
const deaths = ["kept", "lost", "kept", "ended", "kept", "kept", "lost", "kept"] as const;

/**
 * Writers of one deployment store inputs and outputs of the same requests in one place. Again and again one
 * is killed and followed by the next, on its volume or without it, or is ended by SIGTERM and followed. At
 * the end all are ended, and what is stored and told is held against what they wrote down; then the volumes
 * that were lost are found again, and nothing at all may be missing.
 */
export async function fleet(plan: FleetPlan): Promise<Outcome> {
  const requests = new RequestLog();
  const azurite =
    plan.store === "blobs" ? await startAzurite({ onOutput: (text) => requests.add(text) }) : undefined;
  try {
    return await fleetIn(plan, azurite, requests);
  } finally {
    await azurite?.stop();
  }
}

async function fleetIn(
  plan: FleetPlan,
  azurite: Azurite | undefined,
  requests: RequestLog,
): Promise<Outcome> {
  let destination = folderDestination("");
  const container = await azurite?.container("fleet");
  const destinationOf = (folder: string): Destination =>
    (destination =
      azurite === undefined || container === undefined
        ? folderDestination(join(folder, "stored"))
        : blobDestination(azurite, container, azurite.port));
  const { rate, seconds, writers } = plan;
  // All of them have but one machine, with the store: the more there are, the less often each does something.
  const [tickMs, barrierMs] = [5 * writers, 50 * writers];
  const maxAgeMs = Math.max(3_000, 100 * writers, 25 * seconds);
  await using world = await createWorld(
    "fleet",
    destinationOf,
    {
      ...{ rate, collections, toAll: true, hours: 2, tickMs, barrierMs, ending: "close-on-sigterm" },
      ...{
        closeMs: 120_000,
        deployment: {
          endpoint: "fleet",
          samplingRate: 0.9,
          rotation: { maxAgeMs },
          // Calls take long where many processes share two cores: nothing is to be left out for that.
          limits: { maxCollectMs: 60_000 },
        },
      },
    },
    { lifeMs: (seconds + 900) * 1_000 },
  );
  const run = new FleetRun(world, plan);
  await run.all();
  const problems = [...run.problems];
  const kept = run.volumes.filter(({ isLost }) => !isLost);
  const lost = run.volumes.filter(({ isLost }) => isLost);
  const waited = kept.filter((volume) => waitingIn(volume).length > 0).length;
  problems.push(...(await drainVolumes(kept, destination)));
  const judge = async (isFound: boolean): Promise<FleetVerdict> => {
    const root = join(await world.download(), azurite === undefined ? "" : "logs");
    const writers = run.volumes.flatMap(({ users, isLost }) =>
      users.map((process) => ({
        process,
        wasKilled: run.killed.has(process),
        isVolumeLost: isLost && !isFound,
      })),
    );
    return judgeFleet(writers, { root, place: "fleet/default", collections });
  };
  const asked = String(requests);
  const first = await judge(false);
  problems.push(...(await drainVolumes(lost, destination)));
  const second = await judge(true);
  problems.push(...first.problems, ...second.problems.map((problem) => `with all volumes: ${problem}`));
  const all = await world.download();
  const names = filesUnder(all).map((path) => relative(all, path));
  if (container !== undefined) problems.push(...requests.problemsWith(names, container.containerName));
  const { offered, acknowledged, lost: missing, duplicated, invented } = second;
  const kills = run.killed.size;
  return {
    fault: `a fleet of ${plan.writers} writers, ${plan.store}: SIGKILL, lost volumes`,
    ...{ injected: run.deaths, fired: kills, offered, acknowledged, lost: missing, duplicated, invented },
    figure:
      `${plan.seconds} s, ${rate} requests a second of each; ${world.processes.length} processes, ${kills} killed, ${lost.length} ` +
      `volumes lost; ${names.length} objects, ${asked}` +
      `${first.stored} frames stored, ${first.leftOut} left out, ${first.dropped} dropped, ${first.away} in lost volumes, ` +
      `${first.inMemory} died in memory; ${waited} volumes drained by mdc spool drain; resident memory of a writer at the end: ` +
      `${mebibytes(Math.max(...run.memory))} MiB at most, ${mebibytes(sum(run.memory))} MiB together`,
    problems: [...problems, ...(kills === 0 ? ["no writer was killed: the run is void"] : [])],
  };
}

/** A place of the fleet: one writer after another. */
interface Place {
  volume: Volume;
  writer: WorkloadProcess;
  /** Settles when it has the next writer. */
  change: Promise<void> | undefined;
}

class FleetRun {
  readonly volumes: Volume[] = [];
  readonly killed: Set<WorkloadProcess> = new Set();
  readonly problems: string[] = [];
  deaths = 0;
  /** Of all that wrote to the end, bytes each. */
  memory: readonly number[] = [];
  readonly #world: World;
  readonly #plan: FleetPlan;
  readonly #random: Random;

  constructor(world: World, plan: FleetPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#random = seeded(plan.writers);
  }

  /** Starts all, lets them live and die, and ends them. */
  async all(): Promise<void> {
    const { writers, seconds, everyMs } = this.#plan;
    const places: Place[] = [];
    while (places.length < writers) {
      const some = Array.from({ length: Math.min(startsAtOnce, writers - places.length) }, () => {
        const volume = this.#newVolume();
        return { volume, writer: this.#start(volume, places.length), change: undefined };
      });
      places.push(...some);
      await Promise.all(some.map(({ writer }) => writer.ready));
    }
    let latest = places[0];
    for (const end = performance.now() + seconds * 1_000; performance.now() < end; ) {
      await sleep(this.#random(2 * everyMs));
      // One in four dies soon after its predecessor, while it takes over what that has left.
      const place = this.#random(4) === 0 ? latest : places[this.#random(places.length)];
      if (place === undefined || place.change !== undefined) continue;
      latest = place;
      place.change = this.#replace(place).then(() => void (place.change = undefined));
    }
    await Promise.all(places.map(({ change }) => change));
    await Promise.all(places.map(({ writer }) => writer.ready));
    const states = await Promise.all(places.map(({ writer }) => writer.state()));
    this.memory = states.map(({ rss }) => rss);
    await Promise.all(places.map(({ writer }) => this.#end(writer)));
  }

  async #replace(place: Place): Promise<void> {
    const death = deaths[this.deaths++ % deaths.length];
    if (death === "ended") await this.#end(place.writer);
    else {
      const { writer } = place;
      writer.process.kill("SIGKILL");
      const { code, signal } = await writer.ended;
      if (signal === "SIGKILL") this.killed.add(writer);
      else
        this.problems.push(`${writer.writer} ended with ${code ?? signal}: ${writer.output.slice(0, 500)}`);
      if (death === "lost") {
        place.volume.isLost = true;
        place.volume = this.#newVolume();
      }
    }
    place.writer = this.#start(place.volume, this.#world.processes.length);
  }

  async #end(writer: WorkloadProcess): Promise<void> {
    await writer.ready.catch(() => {});
    writer.process.kill("SIGTERM");
    const { code, signal } = await writer.ended;
    if (code !== 0)
      this.problems.push(`${writer.writer} ended with ${code ?? signal}: ${writer.output.slice(0, 500)}`);
  }

  #newVolume(): Volume {
    const folder = join(this.#world.folder, "volumes", String(this.volumes.length));
    const volume = { folder, users: [], isLost: false };
    this.volumes.push(volume);
    return volume;
  }

  #start(volume: Volume, number: number): WorkloadProcess {
    // Every other one has each frame on disk before `collect` returns.
    const durability = number % 2 === 0 ? "group" : "frame";
    const writer = this.#world.start({ deployment: { spool: { directory: volume.folder, durability } } });
    // The store comes first, as if it were on a machine of its own.
    if (this.#plan.store === "blobs" && writer.process.pid !== undefined) setPriority(writer.process.pid, 10);
    volume.users.push(writer);
    return writer;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
