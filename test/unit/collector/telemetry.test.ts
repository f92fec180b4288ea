import { metrics } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { expect, onTestFinished, test } from "vitest";
import { CoreWorld } from "./core-world.ts";

/** Registers a meter provider, and reads from it what a backend would get: `name{attributes}` to value. */
function registerProvider(temporality: "CUMULATIVE" | "DELTA" = "CUMULATIVE") {
  const exporter = new InMemoryMetricExporter(AggregationTemporality[temporality]);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  onTestFinished(async () => {
    metrics.disable();
    await provider.shutdown();
  });
  return async (): Promise<Map<string, number>> => {
    exporter.reset();
    await provider.forceFlush();
    const values = new Map<string, number>();
    for (const { scopeMetrics } of exporter.getMetrics()) {
      for (const { scope, metrics: all } of scopeMetrics) {
        expect(scope.name).toBe("model-data-collector");
        for (const { descriptor, dataPoints } of all) {
          for (const { attributes, value } of dataPoints) {
            expect(attributes).toMatchObject({ "mdc.endpoint": "flights", "mdc.deployment": "blue" });
            const {
              "mdc.endpoint": _endpoint,
              "mdc.deployment": _deployment,
              "mdc.collection": collection,
              ...rest
            } = attributes;
            const key = [descriptor.name, collection, ...Object.values(rest)].filter(
              (part) => part !== undefined,
            );
            values.set(key.join(" "), value as number);
          }
        }
      }
    }
    return values;
  };
}

async function opened(...options: ConstructorParameters<typeof CoreWorld>): Promise<CoreWorld> {
  const world = new CoreWorld(...options);
  // The API is loaded in the background.
  await import("@opentelemetry/api");
  for (let n = 0; n < 10; n++) await new Promise<void>((resolve) => void setImmediate(resolve));
  return world;
}

test("a real meter provider gets the ledger, the health and the spool", async () => {
  const read = registerProvider();
  const world = await opened({ onError: () => {}, collections: { off: { enabled: false } } });
  const inputs = world.collector();
  inputs.collect([{ a: 1 }, { a: 2 }]);
  inputs.collect([{ a: 3 }]);
  inputs.collect({ a: [1], b: [1, 2] });
  world.collector({ name: "off" }).collect([{ a: 1 }]);
  world.spoolAll();
  world.events.usage({ bytes: 500, segments: 1, quarantined: 2, oldest: world.clock.now() - 90_000 });
  world.events.delivered("model_inputs", { frames: 1, rows: 2, bytes: 10 }, false, [], "1");
  const values = await read();
  expect(Object.fromEntries([...values].filter(([name]) => !/bytes/.test(name)))).toEqual({
    "mdc.frames.offered model_inputs": 3,
    "mdc.frames.offered off": 1,
    "mdc.rows.offered model_inputs": expect.any(Number),
    "mdc.rows.offered off": 1,
    "mdc.frames.finished model_inputs delivered": 1,
    "mdc.frames.finished model_inputs sampled_out": 0,
    "mdc.frames.finished model_inputs disabled": 0,
    "mdc.frames.finished model_inputs dropped invalid": 1,
    "mdc.frames.finished off delivered": 0,
    "mdc.frames.finished off sampled_out": 0,
    "mdc.frames.finished off disabled": 1,
    "mdc.rows.finished model_inputs delivered": 2,
    "mdc.rows.finished model_inputs sampled_out": 0,
    "mdc.rows.finished model_inputs disabled": 0,
    "mdc.rows.finished model_inputs dropped invalid": expect.any(Number),
    "mdc.rows.finished off delivered": 0,
    "mdc.rows.finished off sampled_out": 0,
    "mdc.rows.finished off disabled": 1,
    "mdc.frames.pending model_inputs buffered": 0,
    "mdc.frames.pending model_inputs spooled": 1,
    "mdc.frames.pending off buffered": 0,
    "mdc.frames.pending off spooled": 0,
    "mdc.delivery.health": 1,
    "mdc.spool.segments": 1,
    "mdc.spool.quarantined": 2,
    "mdc.spool.oldest_age": 90,
  });
  expect(values.get("mdc.spool.bytes")).toBe(500);
});

test("after the close the last state is told once more, and then nothing", async () => {
  // A reader of totals would go on repeating the last one.
  const read = registerProvider("DELTA");
  const world = await opened();
  world.collector().collect([{ a: 1 }]);
  await world.core.close(0);
  expect((await read()).get("mdc.frames.offered model_inputs")).toBe(1);
  expect((await read()).size).toBe(0);
});

test("without a meter provider nothing happens", async () => {
  const world = await opened();
  world.collector().collect([{ a: 1 }]);
  await world.core.close(0);
  expect(world.core.status().status).toBe("closed");
});
