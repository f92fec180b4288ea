import { expect, test } from "vitest";
import { BlockedCollections, type Unpinned } from "../../../src/pipeline/delivery/blocked-collections.ts";
import { DeliveryTask } from "../../../src/pipeline/delivery/delivery-task.ts";
import { labelText } from "../../../src/pipeline/segment-label.ts";
import { createHandClock } from "../../support/hand-clock.ts";

const nobodyMends: Unpinned = { status: "blocked", error: new Error("unusable") };

function taskOf(id: string, collection = "c"): DeliveryTask {
  const label = labelText({
    ...{ format: "parquet", rollingRate: "hour", endpoint: "e", deployment: "d", partition: 0 },
    collection,
  });
  const counts = { frames: 1, rows: 1, bytes: 1 };
  return new DeliveryTask({ id, directory: "", label, createdAt: 0, size: 1, counts, recovered: false });
}

/** Blocked collections, and the ids of those that may try again. */
class World {
  readonly clock = createHandClock();
  readonly back: string[] = [];
  readonly blocked = new BlockedCollections(this.clock, (tasks) => {
    for (const task of tasks) {
      task.enter({ is: "waiting" });
      this.back.push(task.segment.id);
    }
  });

  /** Tries a segment, in vain if it is let. True if it was. */
  try(task: DeliveryTask): boolean {
    if (!this.blocked.admits(task)) return false;
    task.enter({ is: "encoding" });
    this.blocked.block(task, nobodyMends);
    return true;
  }
}

test("of the segments that wait for a collection's types one at a time asks again, and those of others pass by", async () => {
  const world = new World();
  const { clock, back, blocked } = world;
  const [a, b, c] = [taskOf("a"), taskOf("b"), taskOf("c")] as const;
  expect([a, b, c].map((task) => world.try(task))).toEqual([true, false, false]);
  expect(blocked.admits(taskOf("other", "o"))).toBe(true);
  await clock.advance(60_000);
  expect(back).toEqual(["a"]);
  expect(world.try(a)).toBe(true);
  await clock.advance(60_000);
  expect(back).toEqual(["a", "b"]);
});

test("a probe that is held up by something of its own lets another one ask", async () => {
  const world = new World();
  const [a, b] = [taskOf("a"), taskOf("b")] as const;
  world.try(a);
  world.try(b);
  await world.clock.advance(60_000);
  expect(world.back).toEqual(["a"]);
  expect(world.blocked.admits(a)).toBe(true);
  a.enter({ is: "encoding" });
  a.enter({ is: "held", timer: { [Symbol.dispose]: () => {} } });
  world.blocked.passOn(a);
  expect(world.back).toEqual(["a", "b"]);
  // When it comes back, it is one of those that wait.
  a.enter({ is: "waiting" });
  expect(world.blocked.admits(a)).toBe(false);
});

test("when the types can be had, all that waited are back, in order, and nothing of it is left", async () => {
  const world = new World();
  const tasks = ["a", "b", "c"].map((id) => taskOf(id));
  for (const task of tasks) world.try(task);
  expect([...world.blocked.obstacles()]).toEqual([{ status: "failing", message: "unusable", isOwn: true }]);
  world.blocked.unblock(taskOf("d").label);
  expect(world.back).toEqual(["a", "b", "c"]);
  expect([...world.blocked.obstacles()]).toEqual([]);
  expect(world.clock.timers).toBe(0);
});

test("who waits makes it ask at once; once it is stopped, no timer is set", () => {
  const world = new World();
  const [a, b] = [taskOf("a"), taskOf("b")] as const;
  world.try(a);
  world.blocked.probeAll();
  world.blocked.probeAll();
  expect(world.back).toEqual(["a"]);
  world.blocked.stop();
  world.try(a);
  world.try(b);
  expect(world.clock.timers).toBe(0);
});
