import { describe, expect, onTestFinished, test } from "vitest";
import { CorrelationContext } from "../../../../src/collector/context/correlation-context.ts";
import { runWithContext } from "../../../../src/collector/context/current-context.ts";
import { endRequest } from "../../../../src/collector/context/request-end.ts";
import type { DeploymentOptions } from "../../../../src/config/deployment-options.ts";
import type { KeepCandidate } from "../../../../src/config/keeping/keep-rule.ts";
import { CoreWorld } from "../core-world.ts";
import { expectBalanced, takeStored } from "./stored-frames.ts";

/** A deployment that would store nothing, but for what is kept. */
function worldOf(options: DeploymentOptions) {
  const world = new CoreWorld({ samplingRate: 0, ...options });
  onTestFinished(() => void world.core.close(0));
  const inputs = world.collector();
  const outputs = world.collector({ name: "model_outputs" });
  const stored = (): string[] =>
    takeStored(world).map(({ collection, id, rate, value }) => `${collection} ${id} ${value} at ${rate}`);
  return { world, core: world.core, inputs, outputs, stored };
}

const contextOf = (id: string, attributes = {}): CorrelationContext =>
  CorrelationContext.create({ id, attributes });
const contextsOf = (count: number): CorrelationContext[] =>
  Array.from({ length: count }, (_, n) => contextOf(`order-${n}`));
const failure = { failed: true, durationMs: 5 };
const success = { failed: false, durationMs: 5 };
const firstOf = ({ frame }: KeepCandidate): number | undefined => (frame as { x: number }[])[0]?.x;
const recorder = { flightRecorder: { maxBytes: 1_000_000 } };

type Case = readonly [why: string, options: DeploymentOptions, then: (context: CorrelationContext) => void];

const nothing = (): void => {};
/** The second frame has a 2. */
const byFrames: readonly Case[] = [
  ["a column's range", { keep: [{ column: "x", above: 1, below: 3 }] }, nothing],
  ["a column's value", { keep: [{ column: "x", equals: 2 }] }, nothing],
  ["a predicate", { keep: [(candidate) => firstOf(candidate) === 2] }, nothing],
];
const fail = (context: CorrelationContext): void => endRequest(context, failure);
const byEnds: readonly Case[] = [
  ["failed", { keep: [{ failed: true }] }, fail],
  ["slower than", { keep: [{ slowerThanMs: 4 }] }, (context) => endRequest(context, success)],
  ["a predicate", { keep: [(one) => one.outcome?.failed === true && firstOf(one) === 1] }, fail],
  ["a failure, with the recorder alone", recorder, fail],
  ["context.keep(), with the recorder alone", recorder, (context) => context.keep()],
];

describe("a request is kept whole, with a weight of 1", () => {
  test.each<Case>([...byFrames, ...byEnds])("by %s", (_, options, then) => {
    const { world, core, inputs, outputs, stored } = worldOf(options);
    const context = contextOf("a");
    inputs.collect([{ x: 1 }], context);
    expect(stored()).toEqual([]);
    expect(core.ledger.snapshot().frames).toMatchObject({ sampledOut: 1, recalled: 0 });
    outputs.collect([{ x: 2 }], context);
    then(context);
    expect(stored()).toEqual(["model_inputs a 1 at 1", "model_outputs a 2 at 1"]);
    inputs.collect([{ x: 3 }], context);
    expect(stored()).toEqual(["model_inputs a 3 at 1"]);
    expect([...context.sampled.values()]).toEqual([true, true]);
    expectBalanced(world);
    const recalled = then === nothing ? 1 : 2;
    expect(core.ledger.snapshot().frames).toMatchObject({ offered: 3, sampledOut: 0, buffered: 3, recalled });
  });

  test("by an attribute, from the first frame on", () => {
    const { inputs, outputs, stored } = worldOf({ keep: [{ attribute: "tenant", equals: "acme" }] });
    const context = contextOf("a", { tenant: "acme" });
    inputs.collect([{ x: 1 }], context);
    expect(stored()).toEqual(["model_inputs a 1 at 1"]);
    outputs.collect([{ x: 2 }], context);
    inputs.collect([{ x: 1 }], contextOf("b", { tenant: "other" }));
    expect(stored()).toEqual(["model_outputs a 2 at 1"]);
  });
});

describe("the end of a request", () => {
  test("comes with the promise that runWithContext is given, and changes nothing of it", async () => {
    const { inputs, stored } = worldOf({ keep: [{ failed: true }] });
    const boom = new Error("boom");
    const run = (id: string, fails: boolean): Promise<string> =>
      runWithContext(contextOf(id), async () => {
        inputs.collect([{ x: 1 }]);
        await Promise.resolve();
        if (fails) throw boom;
        return id;
      });
    await expect(run("a", true)).rejects.toBe(boom);
    expect(await run("b", false)).toBe("b");
    expect(stored()).toEqual(["model_inputs a 1 at 1"]);
  });

  test("comes with what is thrown at once, and not with what is returned at once", () => {
    const { inputs, core, stored } = worldOf({ keep: [{ failed: true }] });
    const [thrown, returned] = [contextOf("a"), contextOf("b")];
    const collect = (): void => void inputs.collect([{ x: 1 }]);
    const run = (): void =>
      runWithContext(thrown, () => {
        collect();
        throw new Error("boom");
      });
    expect(run).toThrow("boom");
    runWithContext(returned, collect);
    expect(stored()).toEqual(["model_inputs a 1 at 1"]);
    expect(core.requests.recorder.bytes).toBeGreaterThan(0);
    endRequest(returned, failure);
    expect(stored()).toEqual(["model_inputs b 1 at 1"]);
  });

  test("lets go what waits, by the rate alone", () => {
    const { inputs, world, core, stored } = worldOf({ samplingRate: 0.5, keep: [{ failed: true }] });
    const contexts = contextsOf(30);
    for (const context of contexts) inputs.collect([{ x: 1 }], context);
    expect(stored()).toEqual([]);
    for (const context of contexts) endRequest(context, success);
    const sampled = contexts.filter((context) => context.sampled.get("model_inputs") === true);
    expect(stored()).toEqual(sampled.map(({ id }) => `model_inputs ${id} 1 at 0.5`));
    expect(core.requests.recorder.bytes).toBe(0);
    expectBalanced(world);
  });

  test("is waited for half a minute, or twice the slowest rule's time", async () => {
    const { inputs, core, world, stored } = worldOf({ samplingRate: 0.9, keep: [{ slowerThanMs: 40_000 }] });
    for (const context of contextsOf(20)) inputs.collect([{ x: 1 }], context);
    await world.clock.advance(79_000);
    expect(stored()).toEqual([]);
    await world.clock.advance(2_000);
    expect(stored().length).toBeGreaterThan(10);
    expect(core.requests.recorder.bytes).toBe(0);
  });
});

describe("what waits", () => {
  test("takes no more bytes than it may, and the oldest requests go first", () => {
    const { inputs, core, stored } = worldOf({ flightRecorder: { maxBytes: 100_000 } });
    const contexts = contextsOf(400);
    let most = 0;
    let each = 0;
    for (const context of contexts) {
      inputs.collect([{ x: 1 }], context);
      each ||= core.requests.recorder.bytes;
      most = Math.max(most, core.requests.recorder.bytes);
    }
    expect(most).toBeLessThanOrEqual(100_000);
    expect(most).toBeGreaterThan(100_000 - each);
    for (const context of contexts) context.keep();
    const left = stored();
    expect(left).toHaveLength(most / each);
    expect(left[0]).toBe(`model_inputs order-${400 - left.length} 1 at 1`);
    expect(core.ledger.snapshot().frames.recalled).toBe(left.length);
  });

  test.each<readonly [string, (core: CoreWorld["core"]) => unknown]>([
    ["a flush", (core) => core.flush("store", 1_000).catch(() => {})],
    ["no room any more", (core) => core.handle.update({ flightRecorder: { maxBytes: 0 } })],
    ["no recorder any more", (core) => core.handle.update({ flightRecorder: { maxBytes: null } })],
    ["the kill switch", (core) => core.handle.update({ killSwitch: true })],
    ["another policy", (core) => core.handle.update({ collections: { labels: { policy: "none" } } })],
    ["another redaction", (core) => core.handle.update({ redact: { ssn: "drop" } })],
    ["the process's end", (core) => core.save()],
    ["the close", (core) => core.close(0)],
  ])("is stored or let go by %s, as the rate says", async (_, end) => {
    const { inputs, world, core } = worldOf({ samplingRate: 0.9, flightRecorder: { maxBytes: 100_000 } });
    const contexts = contextsOf(20);
    for (const context of contexts) inputs.collect([{ x: 1 }], context);
    expect(takeStored(world)).toEqual([]);
    void end(core);
    await Promise.resolve();
    const sampled = contexts.filter((context) => context.sampled.get("model_inputs") === true);
    expect(takeStored(world).map(({ id, rate }) => [id, rate])).toEqual(sampled.map(({ id }) => [id, 0.9]));
    expectBalanced(world);
  });

  test("does not wait where a frame is to be safe when collect returns", () => {
    const spool = { durability: "frame" } as const;
    const { inputs, outputs, stored } = worldOf({ keep: [{ column: "x", equals: 2 }], spool });
    const context = contextOf("a");
    inputs.collect([{ x: 1 }], context);
    outputs.collect([{ x: 2 }], context);
    inputs.collect([{ x: 3 }], context);
    expect(stored()).toEqual(["model_outputs a 2 at 1", "model_inputs a 3 at 1"]);
  });
});

test("a predicate that throws, or gives anything else, keeps nothing, is told, and changes nothing stored", () => {
  const told: string[] = [];
  const seen: KeepCandidate[] = [];
  const { inputs, stored } = worldOf({
    keep: [
      () => {
        throw new Error("secret");
      },
      (async () => true) as never,
      (candidate) => seen.push(candidate) > 1,
    ],
    onError: ({ code, message }) => told.push(`${code}: ${message}`),
  });
  const context = contextOf("a");
  const frame = [{ x: 1 }];
  for (let n = 0; n < 3; n++) inputs.collect(frame, context);
  expect(stored()).toEqual(["model_inputs a 1 at 1", "model_inputs a 1 at 1", "model_inputs a 1 at 1"]);
  expect(seen[0]).toEqual({ collection: "model_inputs", frame, context, outcome: undefined });
  expect(told).toEqual([expect.stringContaining("RULE_FAILED: keep[0] throws Error: it keeps nothing then")]);
});

test("the next requests are captured whole, and then the rate holds again", () => {
  const { core, inputs, outputs, stored } = worldOf({ captureNext: 2 });
  const collect = (...ids: string[]): string[] => {
    for (const id of ids) outputs.collect([{ x: 2 }], inputs.collect([{ x: 1 }], contextOf(id)));
    return stored().toSorted();
  };
  const whole = (...ids: string[]): string[] =>
    ids.flatMap((id) => [`model_inputs ${id} 1 at 1`, `model_outputs ${id} 2 at 1`]).toSorted();
  expect(collect("a", "b", "c")).toEqual(whole("a", "b"));
  core.handle.update({ captureNext: 1 });
  expect(collect("d", "e")).toEqual(whole("d"));
  core.handle.update({ samplingRate: 1e-9 });
  expect(collect("f")).toEqual([]);
});
