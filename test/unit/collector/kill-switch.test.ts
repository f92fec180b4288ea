import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { CoreWorld } from "./core-world.ts";

const shown =
  "the kill switch is on (killSwitch): nothing is collected; what was accepted before is still delivered";

test("stops every collection from the next call on, also one made later, and is turned back", () => {
  const world = new CoreWorld({ collections: { model_inputs: { enabled: true, samplingRate: 1 } } });
  const inputs = world.collector();
  inputs.collect([{ a: 1 }]);
  world.core.handle.update({ killSwitch: true });
  const context = inputs.collect([{ a: 2 }, { a: 3 }]);
  const outputs = world.collector({ name: "model_outputs" });
  expect(outputs.collect([{ b: 1 }], context)).toBe(context);
  expect([inputs.enabled, outputs.enabled]).toEqual([false, false]);
  expect(world.core.status()).toMatchObject({ status: "degraded", reasons: [shown] });
  // What was accepted before goes its way.
  world.spoolAll();
  expect(world.core.ledger.snapshot().rows).toMatchObject({
    offered: 4,
    disabled: 3,
    spooled: 1,
    dropped: {},
  });
  world.core.handle.update({ killSwitch: false });
  inputs.collect([{ a: 4 }]);
  expect(world.core.ledger.snapshot().frames).toMatchObject({ offered: 4, disabled: 2, buffered: 1 });
  expect(world.core.status()).toMatchObject({ status: "ok", reasons: [] });
});

test("is shown from the start when it is on at the start", () => {
  expect(new CoreWorld({ killSwitch: true }).core.status().reasons).toEqual([shown]);
});

test("of the file and of an update: neither can overrule the other, each is turned back where it was turned on", async () => {
  const configFile = join(await tempFolder(), "blue.yml");
  const file = (on: boolean): void =>
    writeFileSync(configFile, `data_collector: { x_mdc: { kill_switch: ${on} } }\n`);
  file(true);
  const world = new CoreWorld({ configFile, killSwitch: false });
  const inputs = world.collector();
  world.core.handle.update({ killSwitch: false });
  expect(inputs.enabled).toBe(false);
  world.core.handle.update({ killSwitch: true });
  file(false);
  for (let looks = 0; looks < 3; looks++) {
    await world.clock.advance(500);
    await sleep(20);
  }
  expect(inputs.enabled).toBe(false);
  world.core.handle.update({ killSwitch: false });
  expect(inputs.enabled).toBe(true);
});

test.each([
  { killSwitch: true },
  { enabled: false },
  { collections: { model_outputs: { policy: "none" } } },
] as const)("%j holds at once, also for requests that began before", (patch) => {
  const world = new CoreWorld();
  const context = world.collector().collect([{ a: 1 }]);
  world.core.handle.update(patch);
  world.collector({ name: "model_outputs" }).collect([{ b: 1 }], context);
  expect(world.core.ledger.snapshot().frames).toMatchObject({ offered: 2, disabled: 1, buffered: 1 });
});
