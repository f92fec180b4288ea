import { expect, test } from "vitest";
import type { Collector } from "../../src/collector/api.ts";
import { CorrelationContext } from "../../src/collector/context/correlation-context.ts";
import { endRequest } from "../../src/collector/context/request-end.ts";
import type { DeploymentOptions } from "../../src/config/deployment-options.ts";
import type { KeepRule } from "../../src/config/keeping/keep-rule.ts";
import { mulberry32 } from "../../benchmarks/mulberry32.ts";
import { CoreWorld } from "../unit/collector/core-world.ts";
import { expectBalanced, type StoredFrame, takeStored } from "../unit/collector/keeping/stored-frames.ts";

/*
 * Whatever rules a service has, however small its flight recorder is and whatever happens meanwhile, weighted
 * sums over what is stored are the true ones on average: each row counts 1 / mdc_sampling_rate times.
 */

const services = 1_000;
const requests = 24;
/** Five standard deviations: for each figure once in two million. The seeds are fixed. */
const maxDeviation = 5;

type Random = () => number;

const allRules: readonly KeepRule[] = [
  { column: "x", above: 80 },
  { column: "x", equals: 7 },
  { failed: true },
  { slowerThanMs: 90 },
  { attribute: "tenant", equals: "2" },
  ({ collection, frame }) => collection === "model_outputs" && (frame as { x: number }[])[0]?.x === 50,
  ({ outcome }) => outcome !== undefined && outcome.durationMs < 3,
];

function serviceOptions(random: Random): DeploymentOptions {
  const rate = (): number => 0.2 + 0.75 * random();
  return {
    samplingRate: rate(),
    ...(random() < 0.3 ? { collections: { model_outputs: { samplingRate: rate() } } } : {}),
    keep: allRules.filter(() => random() < 0.4),
    flightRecorder: { maxBytes: random() < 0.3 ? null : Math.floor(random() * 30_000) },
    captureNext: random() < 0.2 ? 2 : 0,
  };
}

/** A request on its way: each call does its next step; false once there is none. */
function* request(id: string, random: Random, collectors: readonly Collector[], truth: Totals) {
  const context = CorrelationContext.create({ id, attributes: { tenant: `${Math.floor(random() * 10)}` } });
  for (const collector of collectors) {
    const x = Math.floor(random() * 100);
    collector.collect([{ x }], context);
    truth.add(collector.name, x, 1);
    if (random() < 0.03) context.keep();
    yield;
  }
  if (random() < 0.2) return;
  endRequest(context, { failed: random() < 0.1, durationMs: random() * 100 });
  yield;
  // What a request leaves behind after its answer.
  if (random() < 0.1) {
    collectors[0]?.collect([{ x: 90 }], context);
    truth.add("model_inputs", 90, 1);
  }
}

/** Sums of one service, by collection: of values and of rows. */
class Totals {
  readonly sums = new Map<string, number>();

  add(collection: string, x: number, weight: number): void {
    for (const [name, value] of [
      [`x of ${collection}`, x * weight],
      [`rows of ${collection}`, weight],
    ] as const)
      this.sums.set(name, (this.sums.get(name) ?? 0) + value);
  }
}

interface Service {
  readonly truth: Totals;
  readonly stored: readonly StoredFrame[];
  readonly recalled: number;
}

async function runService(seed: number): Promise<Service> {
  const random = mulberry32(seed);
  const world = new CoreWorld(serviceOptions(random));
  const collectors = [world.collector(), world.collector({ name: "model_outputs" })];
  const truth = new Totals();
  const open: Iterator<void>[] = [];
  for (let begun = 0; begun < requests || open.length > 0; ) {
    const happens = random();
    if (happens < 0.01) void world.core.flush("store", 0).catch(() => {});
    else if (happens < 0.02) await world.clock.advance(31_000);
    else if (happens < 0.04) world.core.handle.update({ samplingRate: 0.2 + 0.75 * random() });
    else if (happens < 0.05) world.core.handle.update({ flightRecorder: { maxBytes: 5_000 } });
    if (begun < requests && open.length < 6)
      open.push(request(`${seed}-${begun++}`, random, collectors, truth));
    const at = Math.floor(random() * open.length);
    if (open[at]?.next().done === true) open.splice(at, 1);
  }
  world.core.requests.recorder.settleAll();
  const stored = takeStored(world);
  expectBalanced(world);
  const { recalled } = world.core.ledger.snapshot().frames;
  void world.core.close(0);
  return { truth, stored, recalled };
}

test("in 1,000 services with rules and recorders, weighted sums are the true ones", async () => {
  const errors = new Map<string, { sum: number; squares: number; total: number }>();
  let recalled = 0;
  let weighted = 0;
  for (let seed = 1; seed <= services; seed++) {
    const service = await runService(seed);
    const estimate = new Totals();
    for (const { collection, value, rate } of service.stored) {
      estimate.add(collection, value, 1 / rate);
      if (rate < 1) weighted++;
    }
    for (const [name, total] of service.truth.sums) {
      const error = errors.get(name) ?? { sum: 0, squares: 0, total: 0 };
      const difference = (estimate.sums.get(name) ?? 0) - total;
      error.sum += difference;
      error.squares += difference ** 2;
      error.total += total;
      errors.set(name, error);
    }
    recalled += service.recalled;
  }
  expect(recalled).toBeGreaterThan(services);
  expect(weighted).toBeGreaterThan(services);
  expect([...errors.keys()].toSorted()).toEqual([
    ...["rows of model_inputs", "rows of model_outputs", "x of model_inputs", "x of model_outputs"],
  ]);
  for (const [name, { sum, squares, total }] of errors) {
    expect(Math.abs(sum) / Math.sqrt(squares), name).toBeLessThan(maxDeviation);
    // The bound is worth something: a bias of four in a hundred would be beyond it.
    expect((maxDeviation * Math.sqrt(squares)) / total, name).toBeLessThan(0.04);
  }
}, 120_000);

test("a pair stays whole through changes of rates and switches, and names what it was decided under", () => {
  const rates = [0.5, 0.1, 0.9, 0, 1, 0.3, 0.7, 0.5];
  const world = new CoreWorld({ samplingRate: rates[0] as number });
  const [inputs, outputs] = [world.collector(), world.collector({ name: "model_outputs" })];
  const open: CorrelationContext[] = [];
  for (let n = 0; n < 1_600; n++) {
    open.push(inputs.collect([{ x: n }], CorrelationContext.create({ id: `order-${n}` })));
    if (open.length > 20) outputs.collect([{ x: n }], open.shift());
    if (n % 200 === 199) world.core.handle.update({ samplingRate: rates[(n + 1) / 200] ?? 0.5 });
    if (n === 900) world.core.handle.update({ collections: { model_outputs: { enabled: false } } });
    if (n === 1_000) world.core.handle.update({ collections: { model_outputs: { enabled: true } } });
  }
  for (const context of open) outputs.collect([{ x: 0 }], context);
  const stored = takeStored(world);
  const of = (collection: string): string[] =>
    stored
      .filter((frame) => frame.collection === collection)
      .map(({ id, rate, version }) => `${id} ${rate} ${version}`);
  const switchedOff = (text: string): boolean => {
    const n = Number(/^order-(\d+) /.exec(text)?.[1]);
    return n > 900 && n <= 1_000;
  };
  const both = of("model_inputs").filter((text) => !switchedOff(text));
  expect(of("model_outputs")).toEqual(both);
  expect(new Set(stored.map(({ rate }) => rate))).toEqual(new Set(rates.filter((rate) => rate > 0)));
  expect(new Set(stored.map(({ version }) => version)).size).toBeGreaterThanOrEqual(8);
  void world.core.close(0);
});
