import { expect, test } from "vitest";
import { expectBalance } from "../../support/scratch.ts";
import { CoreWorld } from "./core-world.ts";

/**
 * Small enough when it is taken, too large when it is put into its batch: what becomes of it is told from
 * within the drain.
 */
const tooLarge = { s: ["\u20ac".repeat(1_800)] };

test.each(["group", "frame"] as const)(
  "durability %s: a listener that collects while it is told of a drop has each frame handed over once",
  (durability) => {
    let told = 0;
    const world: CoreWorld = new CoreWorld({
      spool: { durability },
      limits: { maxFrameBytes: 4_096 },
      onError: () => {
        told++;
        inputs.collect([{ n: 1 }]);
        world.core.batcher.flushNow();
      },
    });
    const inputs = world.collector();
    inputs.collect([{ n: 0 }]);
    inputs.collect(tooLarge);
    inputs.collect([{ n: 2 }]);
    world.core.batcher.flushNow();
    expect(told).toBe(1);
    const handedOver = world.batches.reduce((sum, { counts }) => sum + counts.frames, 0);
    world.spoolAll();
    const stats = world.core.ledger.snapshot();
    expectBalance(stats);
    expect(stats.frames).toMatchObject({ offered: 4, spooled: 3, buffered: 0, dropped: { too_large: 1 } });
    expect(handedOver).toBe(3);
  },
);
