import { expect, test } from "vitest";
import { UnsettledBatches } from "../../../src/collector/background/unsettled-batches.ts";
import { UnsettledSegments } from "../../../src/collector/background/unsettled-segments.ts";
import { createHandClock } from "../../support/hand-clock.ts";
import { batchOf, Teller, Told } from "../pipeline/pipeline-world.ts";

const counts = { frames: 1, rows: 1, bytes: 8 };

test("a batch that two threads had, one after the other, is counted once, whatever they say", () => {
  const batches = new UnsettledBatches(createHandClock(), () => Number.POSITIVE_INFINITY);
  const told = new Told();
  const events = new Teller(batches.settledBy(told.emit));
  for (const sequence of [1, 2, 3]) batches.add(batchOf([{ a: 1 }], sequence, 0));
  events.spooled("a", 1, counts);
  events.spooled("a", 1, counts);
  events.dropped("io_error", "a", counts, { from: "memory", sequences: [1] });
  expect(told).toMatchObject({ spooledFrames: [1], drops: [] });
  events.delivered("a", { frames: 2, rows: 2, bytes: 16 }, false, [1, 2], "segment");
  events.delivered("a", { frames: 2, rows: 2, bytes: 16 }, false, [1, 2], "another");
  expect(told.deliveries).toMatchObject([{ counts: { frames: 1, rows: 1 } }]);
  expect(batches.framesUpTo(3)).toBe(1);
});

test("what became of a segment is passed on from the first thread that tells it only", () => {
  const segments = new UnsettledSegments();
  const told = new Told();
  const [first, second] = [{}, {}].map((teller) => new Teller(segments.settledBy(told.emit, teller)));
  const poison = { from: "spool", sequences: [], segment: "s" } as const;
  first?.dropped("poison", "a", counts, poison);
  first?.dropped("poison", "a", counts, poison);
  second?.dropped("poison", "a", counts, poison);
  first?.delivered("a", counts, false, [], "s");
  second?.delivered("a", counts, false, [], "s");
  second?.delivered("a", counts, false, [], "t");
  expect(told.droppedFrames).toEqual({ poison: 2 });
  expect(told.deliveredFrames).toBe(2);
});
