import { setTimeout as sleep } from "node:timers/promises";
import { systemIds } from "../../src/base/ids.ts";
import { leftTo, spoolOf } from "./spool-of-world.ts";
import type { World } from "./world.ts";

/**
 * Leaves the records of a killed process twice, as two threads of one process leave them when the first died
 * before it could say that it had written them: whoever recovers them has to write one of the two files anew.
 * What others left is delivered before: some of it may be at the destination already, and must not get
 * another name.
 */
export async function leaveRepeatedRecords(world: World): Promise<void> {
  await world.drain();
  const child = world.start({
    frames: 1_000_000,
    deployment: { rotation: { maxAgeMs: 3_600_000 } },
  });
  await child.ready;
  await sleep(300);
  child.process.kill("SIGKILL");
  await child.ended;
  const instance = systemIds.random128();
  const first = spoolOf(world, { instance });
  const left = await leftTo(first);
  const second = spoolOf(world, { instance });
  let sequence = 0;
  for (const segment of left) {
    const records = [...first.sealed.read(segment)];
    for (const [index, { bytes, counts }] of records.entries()) {
      sequence += 1;
      // Each has one that the other has not, so that something of both is to be kept.
      if (index < records.length - 1 || index === 0)
        first.writer.append(segment.label, bytes, counts, sequence);
      if (index > 0) second.writer.append(segment.label, bytes, counts, sequence);
    }
  }
  for (const segment of left) first.sealed.release(segment);
  first.writer.close();
  second.writer.close();
}
