import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readStored } from "../support/oracle.ts";
import { frameId } from "./frames.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { leftTo, quickFileSystem, spoolOf } from "./spool-of-world.ts";
import { createWorld, type World } from "./world.ts";

/**
 * So many sealed segments wait in the spool when a process starts, a frame in each. It must be of use at
 * once, and work them off with few descriptors. It is killed while it does; every frame is then stored, or
 * still in the spool.
 */
export async function backlog(segments: number): Promise<Outcome> {
  await using world = await createWorld("backlog");
  const empty = world.start({ frames: 100, ending: "wait" });
  await empty.ready;
  const { openMs: without } = await empty.state();
  const usual = descriptors(empty.process.pid ?? 0);
  empty.tell("end");
  empty.process.kill("SIGKILL");
  await empty.ended;
  await world.drain();

  const left = await leaveSegments(world, segments);
  const child = world.start({ rate: 200 }, { lifeMs: 60_000 });
  await child.ready;
  const first = await child.state();
  let most = 0;
  const end = performance.now() + 10_000;
  while (performance.now() < end) {
    most = Math.max(most, descriptors(child.process.pid ?? 0));
    await sleep(50);
  }
  const { callsMs } = await child.state();
  child.process.kill("SIGKILL");
  await child.ended;

  const stored = await readStored(await world.download());
  const waiting = new Set(world.waiting().map((path) => (path.split("/").at(-1) ?? "").slice(0, 32)));
  let delivered = 0;
  let lost = 0;
  let duplicated = 0;
  for (const [id, segment] of left) {
    const frame = stored.get(id);
    if (frame !== undefined) delivered++;
    else if (!waiting.has(segment)) lost++;
    if (frame !== undefined && (frame.events > 1 || frame.rows > frame.places)) duplicated++;
  }
  const { offered, acknowledged } = child.journal();
  const slowest = Math.max(...callsMs, ...first.callsMs);
  const figure = `open after ${first.openMs.toFixed(0)} ms (${without.toFixed(0)} ms without); slowest call of collect ${slowest.toFixed(1)} ms; at most ${most} descriptors (${usual} without); ${delivered} delivered in 10 s`;
  return outcomeOf(
    `start with ${segments} segments waiting`,
    { injected: segments, fired: left.size },
    {
      ...{ offered: offered + left.size, acknowledged: acknowledged + left.size, stored: stored.size },
      ...{ dropped: 0, lost, duplicated, invented: 0, windows: [], steadyWindows: [] },
      problems: lost + duplicated > 0 ? [`${lost} frames are lost, ${duplicated} are stored twice`] : [],
    },
    figure,
    delivered === 0 ? ["nothing was delivered"] : [],
  );
}

/**
 * Leaves as many sealed segments, as a process that died after a long outage; by frame, the segment that
 * holds it.
 */
async function leaveSegments(world: World, segments: number): Promise<ReadonlyMap<string, string>> {
  const writer = world.start({
    ...{ rate: 20_000, frames: segments, ending: "wait", barrierMs: 0 },
    deployment: { rotation: { maxAgeMs: 3_600_000 }, spool: { durability: "frame" } },
  });
  await writer.ready;
  while (writer.journal().offered < segments) await sleep(200);
  writer.process.kill("SIGKILL");
  await writer.ended;
  const spool = spoolOf(world, { fileSystem: quickFileSystem });
  const left = new Map<string, string>();
  for (const segment of await leftTo(spool)) {
    for (const { bytes, counts } of spool.sealed.read(segment)) {
      const n = left.size;
      spool.writer.append(segment.label, bytes, counts, n + 1);
      const [sealed] = spool.writer.seal();
      if (sealed !== undefined) left.set(frameId(writer.writer, n), sealed.id);
    }
    spool.sealed.release(segment);
  }
  spool.writer.close();
  return left;
}

/** How many a process has open; 0 where that is not told. */
function descriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
