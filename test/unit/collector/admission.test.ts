import { describe, expect, test } from "vitest";
import { Admission, type Refusing } from "../../../src/collector/admission.ts";
import { CorrelationContext } from "../../../src/collector/context/correlation-context.ts";
import { DeploymentCollection } from "../../../src/collector/deployment-collection.ts";
import { Requests } from "../../../src/collector/keeping/requests.ts";
import { termsFor } from "../../../src/collector/keeping/terms.ts";
import { isSampled } from "../../../src/collector/keeping/sampler.ts";
import { createConfigHandle } from "../../../src/config/config-handle.ts";
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
    requests: new Requests(config, { clock, store: () => {}, tellRule: () => {} }),
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
  const handle = createConfigHandle(config);
  handle.subscribe((changed) => {
    deployment.requests.configure(changed);
    collection.configure(changed);
  });
  const termsOf = (context: CorrelationContext) => termsFor(deployment.requests.of(context), collection);
  return { admission, clock, deployment, collection, decide, spend, termsOf, update: handle.update };
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
  const { decide, deployment, spend, update } = admissionOf({ limits: { maxCollectMs: 10 } });
  await spend(40, 3);
  deployment.closed = true;
  update({ enabled: false, samplingRate: 0 });
  expect(decide()).toMatchObject({ reason: "closed" });
  deployment.closed = false;
  expect(decide()).toMatchObject({ as: "disabled" });
  update({ enabled: true });
  expect(decide()).toMatchObject({ as: "sampledOut" });
  update({ samplingRate: 1 });
  expect(decide()).toMatchObject({ reason: "muted" });
});

test("a switched-off collection that sampled the request before leaves what is noted", () => {
  const { decide, update } = admissionOf();
  const context = CorrelationContext.create();
  decide(context);
  update({ enabled: false });
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

describe("a request is decided once", () => {
  const ids = Array.from({ length: 40 }, (_, n) => `order-${n}`);

  test("under the rate that its first frame found, whatever holds when the others come", () => {
    const { decide, termsOf, update } = admissionOf({ samplingRate: 0.5 });
    const contexts = ids.map((id) => CorrelationContext.create({ id }));
    const before = contexts.map((context) => decide(context).kind);
    expect(new Set(before)).toEqual(new Set(["take", "leave"]));
    for (const samplingRate of [0, 1, 0.1]) {
      update({ samplingRate });
      expect(contexts.map((context) => decide(context).kind)).toEqual(before);
      for (const context of contexts)
        expect(termsOf(context)).toEqual({ enabled: true, samplingRate: 0.5, configVersion: 1 });
    }
    update({ samplingRate: 1 });
    expect(ids.map((id) => decide(CorrelationContext.create({ id })).kind)).toEqual(ids.map(() => "take"));
    expect(termsOf(CorrelationContext.create())).toMatchObject({ samplingRate: 1, configVersion: 5 });
  });

  test("also whether a collection is on; but when all is switched off, that holds at once", () => {
    const { decide, update } = admissionOf();
    const context = CorrelationContext.create();
    decide(context);
    update({ collections: { model_inputs: { enabled: false } } });
    expect(decide(context)).toEqual({ kind: "take" });
    expect(decide()).toMatchObject({ as: "disabled" });
    update({ enabled: false });
    expect(decide(context)).toMatchObject({ as: "disabled" });
  });

  test("and one that is to be kept is taken at any rate, with a rate of 1", () => {
    const { decide, termsOf } = admissionOf({ samplingRate: 0 });
    const context = CorrelationContext.create();
    expect(decide(context)).toMatchObject({ as: "sampledOut" });
    context.keep();
    expect(decide(context)).toEqual({ kind: "take" });
    expect(termsOf(context).samplingRate).toBe(1);
    expect([...context.sampled]).toEqual(noted);
    const early = CorrelationContext.create();
    early.keep();
    expect(decide(early)).toEqual({ kind: "take" });
  });

  test("for all processes: what a service has decided its headers tell the next one", () => {
    const first = admissionOf({ samplingRate: 0.5 });
    const next = admissionOf({ samplingRate: 0.1 });
    next.update({ samplingRate: 0.5, collections: { model_inputs: { samplingRate: 0.2 } } });
    next.update({ samplingRate: 1, collections: { model_inputs: null } });
    const headers = ids.map((id) => {
      const context = CorrelationContext.create({ id });
      first.decide(context);
      return context.toHeaders();
    });
    expect(headers[0]).toMatchObject({ "x-mdc-sampling": "rate=0.5;version=1" });
    for (const each of headers) {
      const context = CorrelationContext.fromHeaders(each);
      const { kind } = next.decide(context);
      expect(kind).toBe(isSampled(context.id, 0.2) ? "take" : "leave");
      expect(next.termsOf(context)).toMatchObject({ samplingRate: 0.2, configVersion: 2 });
      expect(context.toHeaders()["x-mdc-sampling"]).toBe("rate=0.5;version=2");
    }
  });

  test("a rate that never held here can lower what is kept, and never raise it", () => {
    const { termsOf } = admissionOf({ samplingRate: 0.5 });
    const decided = (passed: string): number =>
      termsOf(CorrelationContext.fromHeaders({ "x-request-id": "a", "x-mdc-sampling": passed })).samplingRate;
    expect(decided("rate=0.25;version=9")).toBe(0.25);
    expect(decided("rate=1e-7;version=9")).toBe(1e-7);
    for (const passed of ["rate=1;version=1", "rate=0.9;version=1"]) expect(decided(passed)).toBe(0.5);
    for (const passed of [
      "",
      "rate=;version=1",
      "rate=-0.1;version=1",
      "rate=0.1",
      "rate=0.1;version=0",
      "1e999",
    ])
      expect(decided(passed)).toBe(0.5);
  });
});

test("what people are told of a refusal names the limit and how long it lasts", () => {
  const { admission } = admissionOf({ limits: { maxCollectMs: 25 } });
  const why = (reason: Refusing["reason"]): string => admission.why({ kind: "refuse", reason, quietMs: 0 });
  expect(why("closed")).toBe("the deployment is closed");
  expect(why("muted")).toMatch(/more than 25 ms .*\(limits\.maxCollectMs\); the collection rests for 60 s/);
});
