import { expect, test } from "vitest";
import { Heartbeat } from "../../../src/collector/background/heartbeat.ts";
import { createHandClock, type HandClock } from "../../support/hand-clock.ts";

interface World {
  readonly clock: HandClock;
  readonly heartbeat: Heartbeat;
  asked: number;
  needed: boolean;
  readonly silences: number[];
}

function watched(): World {
  const clock = createHandClock();
  const world: World = {
    clock,
    asked: 0,
    needed: true,
    silences: [],
    heartbeat: new Heartbeat({
      clock,
      isNeeded: () => world.needed,
      ask: () => world.asked++,
      silent: (seconds) => {
        world.silences.push(seconds);
        world.needed = false;
      },
    }),
  };
  world.heartbeat.watch();
  return world;
}

test("a thread that says nothing for a minute is given up", async () => {
  const world = watched();
  await world.clock.advance(64_000);
  expect(world).toMatchObject({ asked: 12, silences: [] });
  await world.clock.advance(1_000);
  expect(world.silences).toEqual([60]);
});

test("a thread that answers now and then is not", async () => {
  const world = watched();
  for (let minutes = 0; minutes < 10; minutes++) {
    await world.clock.advance(55_000);
    world.heartbeat.heard();
  }
  expect(world.silences).toEqual([]);
});

test("nothing is asked while nothing is expected, nor after the end", async () => {
  const idle = watched();
  idle.needed = false;
  await idle.clock.advance(3_600_000);
  expect({ asked: idle.asked, timers: idle.clock.timers }).toEqual({ asked: 0, timers: 0 });
  idle.needed = true;
  idle.heartbeat.watch();
  idle.heartbeat.stop();
  await idle.clock.advance(3_600_000);
  expect(idle.asked).toBe(0);
});
