import { describe, expect, test } from "vitest";
import { Admission, type Refusing } from "../../../src/collector/admission.ts";
import { CorrelationContext } from "../../../src/collector/context/correlation-context.ts";
import { DeploymentCollection } from "../../../src/collector/deployment-collection.ts";
import { isSampled } from "../../../src/collector/sampler.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import type { DeploymentOptions } from "../../../src/config/deployment-options.ts";
import { resolveDeployment } from "../../../src/config/resolve.ts";
import { Ledger } from "../../../src/pipeline/ledger.ts";
import { createHandClock } from "../../support/hand-clock.ts";

/** Admission to a collection that is set so, and the deployment's side of it, to be changed by the test. */
function admissionOf(options: DeploymentOptions = {}) {
  const environment = readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" });
  const { config } = resolveDeployment({ destination: "/data", ...options }, environment);
  const clock = createHandClock();
  const deployment = {
    clock,
    closed: false,
    heldBytes: 0,
    hasRoom: (bytes: number, most: number) => deployment.heldBytes + bytes <= most,
  };
  const collection = new DeploymentCollection("model_inputs", config, new Ledger(), null);
  const admission = new Admission(deployment, collection);
  /** Calls that take so long each, of frames of so many bytes; the clock stands where the last one ended. */
  const spend = async (ms: number, calls: number, bytes = 1): Promise<void> => {
    for (let n = 0; n < calls; n++) {
      const startedAt = clock.monotonic();
      await clock.advance(ms);
      admission.ended(startedAt, bytes);
    }
  };
  const decide = (context = CorrelationContext.create()) => admission.decide(context);
  return { admission, clock, collection, deployment, decide, spend };
}

const noted = [["model_inputs", true]];

describe("a frame", () => {
  test("is taken if nothing speaks against it, and its request is noted as sampled", () => {
    const { decide } = admissionOf();
    const context = CorrelationContext.create();
    expect(decide(context)).toEqual({ kind: "take" });
    expect([...context.sampled]).toEqual(noted);
  });

  test("is left out while its collection is switched off, which says nothing of its request", () => {
    const { decide } = admissionOf({ enabled: false });
    const context = CorrelationContext.create();
    expect(decide(context)).toEqual({ kind: "leave", as: "disabled" });
    expect(context.sampled.size).toBe(0);
  });

  test("is left out or taken by its request's id, and that is noted", () => {
    const { decide } = admissionOf({ samplingRate: 0.5 });
    const ids = Array.from({ length: 40 }, (_, n) => `order-${n}`);
    const kept = ids.filter((id) => {
      const context = CorrelationContext.create({ id });
      const verdict = decide(context);
      expect(verdict).toEqual(isSampled(id, 0.5) ? { kind: "take" } : { kind: "leave", as: "sampledOut" });
      expect([...context.sampled]).toEqual([["model_inputs", verdict.kind === "take"]]);
      return verdict.kind === "take";
    });
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(ids.length);
  });

  test("is refused while the collection rests, though its request is noted as sampled", async () => {
    const { decide, spend } = admissionOf({ limits: { maxCollectMs: 10 } });
    await spend(40, 3);
    const context = CorrelationContext.create();
    expect(decide(context)).toEqual({ kind: "refuse", reason: "muted", quietMs: 60_000 });
    expect([...context.sampled]).toEqual(noted);
  });

  test("is refused once the deployment is closed, which says nothing of its request", () => {
    const { decide, deployment } = admissionOf();
    deployment.closed = true;
    const context = CorrelationContext.create();
    expect(decide(context)).toEqual({ kind: "refuse", reason: "closed", quietMs: 0 });
    expect(context.sampled.size).toBe(0);
  });
});

test("of several reasons counts the first of: closed, switched off, sampled out, muted", async () => {
  const { collection, decide, deployment, spend } = admissionOf({ limits: { maxCollectMs: 10 } });
  await spend(40, 3);
  deployment.closed = true;
  collection.enabled = false;
  collection.samplingRate = 0;
  expect(decide()).toMatchObject({ reason: "closed" });
  deployment.closed = false;
  expect(decide()).toMatchObject({ as: "disabled" });
  collection.enabled = true;
  expect(decide()).toMatchObject({ as: "sampledOut" });
  collection.samplingRate = 1;
  expect(decide()).toMatchObject({ reason: "muted" });
});

test("a switched-off collection that sampled the request before leaves what is noted", () => {
  const { collection, decide } = admissionOf();
  const context = CorrelationContext.create();
  decide(context);
  collection.enabled = false;
  decide(context);
  expect([...context.sampled]).toEqual(noted);
});

describe("the time budget", () => {
  test("mutes for a minute after calls that took too long, and then starts afresh", async () => {
    const { clock, decide, spend } = admissionOf({ limits: { maxCollectMs: 10 } });
    await spend(40, 2);
    expect(decide()).toEqual({ kind: "take" });
    await spend(40, 1);
    await clock.advance(59_999);
    expect(decide()).toMatchObject({ reason: "muted" });
    await clock.advance(1);
    expect(decide()).toEqual({ kind: "take" });
    await spend(40, 2);
    expect(decide()).toEqual({ kind: "take" });
  });

  test("is for each MiB of a frame that is begun", async () => {
    const { decide, spend } = admissionOf({ limits: { maxCollectMs: 10 } });
    await spend(40, 100, 3 * 1024 * 1024 + 1);
    expect(decide()).toEqual({ kind: "take" });
    await spend(40, 100, 3 * 1024 * 1024);
    expect(decide()).toMatchObject({ reason: "muted" });
  });

  test("is that of the limits as they are now", async () => {
    const { collection, decide, spend } = admissionOf({ limits: { maxCollectMs: 10 } });
    collection.limits = { ...collection.limits, maxCollectMs: 40 };
    await spend(40, 100);
    expect(decide()).toEqual({ kind: "take" });
  });
});

describe("room in memory", () => {
  test("is there up to the limit, with all that waits", () => {
    const { admission, deployment } = admissionOf({ limits: { maxMemoryBytes: 2_000_000 } });
    deployment.heldBytes = 1_500_000;
    expect(admission.lacksRoom(500_000)).toBeUndefined();
    expect(admission.lacksRoom(500_001)).toContain("more than 2000000 bytes");
  });

  test("is that of the limits as they are now", () => {
    const { admission, collection, deployment } = admissionOf({ limits: { maxMemoryBytes: 2_000_000 } });
    deployment.heldBytes = 2_000_000;
    expect(admission.lacksRoom(1)).toContain("limits.maxMemoryBytes");
    collection.limits = { ...collection.limits, maxMemoryBytes: 3_000_000 };
    expect(admission.lacksRoom(1)).toBeUndefined();
  });
});

test("what people are told of a refusal names the limit and how long it lasts", () => {
  const { admission } = admissionOf({ limits: { maxCollectMs: 25 } });
  const why = (reason: Refusing["reason"]): string => admission.why({ kind: "refuse", reason, quietMs: 0 });
  expect(why("closed")).toBe("the deployment is closed");
  expect(why("muted")).toMatch(/more than 25 ms .*\(limits\.maxCollectMs\); the collection rests for 60 s/);
});
