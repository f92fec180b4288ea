import { setTimeout as sleep } from "node:timers/promises";
import { readStored } from "../support/oracle.ts";
import { seeded } from "../support/simulated-file-system.ts";
import { frameId } from "./frames.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { createWorld } from "./world.ts";

/**
 * Durability `frame`, and a process that is busy from its start on: segments are sealed before its background
 * thread has said a word. Half of the processes then flush to the destination, and are killed the moment that
 * this is done, when all must be there; the others are killed while the thread takes over.
 */
export async function lateThread(processes: number): Promise<Outcome> {
  await using world = await createWorld("late-thread", undefined, {
    busyMs: 1_000,
    deployment: { spool: { durability: "frame" }, rotation: { maxAgeMs: 60_000, maxBytes: 16 * 1_024 } },
  });
  const random = seeded(processes);
  const problems: string[] = [];
  let fired = 0;
  let flushed = 0;
  for (let n = 0; n < processes; n++) {
    const flushes = n % 2 === 0;
    const child = world.start({ ending: flushes ? "flush-and-wait" : "wait" });
    await child.ready;
    if (flushes) {
      child.tell("end");
      const end = performance.now() + 60_000;
      while (child.journal().flushed === 0 && performance.now() < end) await sleep(20);
    } else await sleep(random(150));
    child.process.kill("SIGKILL");
    await child.ended;
    const journal = child.journal();
    if (journal.sealedWhileBusy > 1) fired++;
    if (!flushes) continue;
    flushed += journal.flushed;
    if (journal.flushed < journal.offered) problems.push(`${child.writer}: a flush never ended`);
    const stored = await readStored(await world.download());
    let missing = 0;
    for (let frame = 0; frame < journal.flushed; frame++) {
      if (!stored.has(frameId(child.writer, frame))) missing++;
    }
    if (missing > 0)
      problems.push(`${child.writer}: flushed, and ${missing} frames are not at the destination`);
  }
  const verdict = await world.judge();
  const most = Math.max(0, ...verdict.windows);
  // A call that had not returned may have cost its frame.
  if (most > 1) problems.push(`${most} frames of one process are lost`);
  return outcomeOf(
    "segments sealed before the thread is ready, durability frame",
    { injected: processes, fired },
    verdict,
    `${flushed} frames at the destination when their flush said so`,
    problems,
  );
}
