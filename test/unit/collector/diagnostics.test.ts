import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { expect, onTestFinished, test } from "vitest";
import { CorrelationContext } from "../../../src/collector/context/correlation-context.ts";
import { CoreWorld } from "./core-world.ts";

const names = ["spooled", "delivered", "dropped", "trouble", "health", "config"] as const;

/** Every message of every channel from now to the end of the test, in order. */
function listen(onMessage?: () => void): { name: string; message: unknown }[] {
  const heard: { name: string; message: unknown }[] = [];
  for (const name of names) {
    const listener = (message: unknown): void => {
      heard.push({ name, message });
      onMessage?.();
    };
    subscribe(`model-data-collector:${name}`, listener);
    onTestFinished(() => void unsubscribe(`model-data-collector:${name}`, listener));
  }
  return heard;
}

const place = { endpoint: "flights", deployment: "blue" };

test("the fate of frames is published where it happens", () => {
  const world = new CoreWorld();
  const heard = listen();
  world.collector().collect([{ a: 1 }, { a: 2 }]);
  world.spoolAll();
  const counts = { frames: 1, rows: 2, bytes: 90 };
  world.events.delivered("model_inputs", counts, false, [], "1");
  world.events.dropped("corrupt", "model_inputs", counts, { from: "recovered" });
  world.core.handle.update({ samplingRate: 0.5 });
  expect(heard).toEqual([
    {
      name: "spooled",
      message: { ...place, collection: "model_inputs", frames: 1, rows: 2, bytes: expect.any(Number) },
    },
    { name: "delivered", message: { ...place, collection: "model_inputs", ...counts, recovered: false } },
    {
      name: "health",
      message: { ...place, status: "degraded", reasons: ["frames of model_inputs were dropped (corrupt)"] },
    },
    {
      name: "dropped",
      message: { ...place, collection: "model_inputs", reason: "corrupt", ...counts, recovered: true },
    },
    { name: "config", message: { ...place, version: 2 } },
  ]);
});

test("every drop is published, though onError hears of one a second", () => {
  let reports = 0;
  const world = new CoreWorld({ onError: () => void reports++ });
  const heard = listen();
  const collector = world.collector();
  for (let n = 0; n < 20; n++) collector.collect({ a: [1], b: [1, 2] });
  const drops = heard.filter(({ name }) => name === "dropped");
  expect(drops).toHaveLength(20);
  expect(drops[0]?.message).toMatchObject({ collection: "model_inputs", reason: "invalid", frames: 1 });
  expect(reports).toBe(1);
  expect(world.core.status()).toMatchObject({
    status: "degraded",
    reasons: ["frames of model_inputs were dropped (invalid)"],
  });
});

test("troubles are published, with their code; those of the spool and the thread make the status degraded", () => {
  const world = new CoreWorld({ onError: () => {} });
  const heard = listen();
  world.collector().collect([{ a: 1 }], {} as CorrelationContext);
  expect(world.core.status().status).toBe("ok");
  world.events.trouble({ code: "BACKGROUND_FAILED", reason: "background_died", message: "it died" });
  expect(heard.filter(({ name }) => name === "trouble").map(({ message }) => message)).toEqual([
    expect.objectContaining({ ...place, code: "INVALID_CONTEXT", collection: "model_inputs" }),
    { ...place, code: "BACKGROUND_FAILED", reason: "background_died", message: "it died", collection: null },
  ]);
  expect(world.core.status()).toMatchObject({ status: "degraded", reasons: ["it died"] });
});

test("what a subscriber throws never reaches the caller of collect", async () => {
  const world = new CoreWorld({ onError: () => {} });
  const collector = world.collector();
  const uncaught: unknown[] = [];
  const others = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  const catching = (error: unknown): void => void uncaught.push(error);
  process.on("uncaughtException", catching);
  onTestFinished(() => {
    process.off("uncaughtException", catching);
    for (const other of others) process.on("uncaughtException", other);
  });
  const heard = listen(() => {
    throw new Error("from a subscriber");
  });
  const context = collector.collect({ a: [1], b: [1, 2] });
  expect(context).toBeInstanceOf(CorrelationContext);
  expect(collector.stats().frames).toMatchObject({ offered: 1, dropped: { invalid: 1 } });
  expect(heard.length).toBeGreaterThan(0);
  await new Promise<void>((resolve) => void setImmediate(resolve));
  // Node's own rule for channels: it is raised where nobody else is.
  expect(uncaught).toHaveLength(heard.length);
});
