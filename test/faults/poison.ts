import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isLedgerLabel } from "../../src/pipeline/segment-label.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { leftTo, spoolOf } from "./spool-of-world.ts";
import { createWorld } from "./world.ts";

/** What records that cannot be decoded look like, made from one that can. */
const poisons: readonly ((good: Uint8Array) => Uint8Array)[] = [
  (good) => good.slice(0, good.length >> 1),
  (good) => Uint8Array.from(good, (byte, at) => (at < 64 ? 0 : byte)),
  (good) => Uint8Array.from({ length: good.length }, (_, at) => (at * 37 + 11) % 256),
  () => new Uint8Array(0),
];

/**
 * Records with a right checksum that no decoder can read lie between good ones, as a mistake of another
 * version would leave them: they are set aside, and every other record is delivered.
 */
export async function poisonRecords(): Promise<Outcome> {
  await using world = await createWorld("poison");
  const child = world.start({ rate: 1_000, deployment: { rotation: { maxAgeMs: 3_600_000 } } });
  await child.ready;
  await sleep(900);
  child.process.kill("SIGKILL");
  await child.ended;

  // Its records go to another segment, with the poison in between.
  const spool = spoolOf(world);
  const left = await leftTo(spool);
  let sequence = 0;
  let injected = 0;
  for (const segment of left) {
    for (const { bytes, counts } of spool.sealed.read(segment)) {
      spool.writer.append(segment.label, bytes, counts, ++sequence);
      const poison = poisons[injected];
      if (poison === undefined || isLedgerLabel(segment.label)) continue;
      spool.writer.append(segment.label, poison(bytes), { frames: 1, rows: 1, bytes: 1 }, ++sequence);
      injected++;
    }
    spool.sealed.release(segment);
  }
  spool.writer.close();

  const verdict = await world.judge({ quarantined: injected });
  const aside = world.waiting("quarantine").map((path) => path.slice(join(world.spool, "mc1").length + 1));
  return outcomeOf(
    "record that cannot be decoded",
    { injected, fired: aside.length },
    verdict,
    `${aside.length} of ${sequence} records set aside, all others delivered`,
  );
}
