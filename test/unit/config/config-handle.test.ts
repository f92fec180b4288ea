import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createConfigHandle, type MutableConfigHandle } from "../../../src/config/config-handle.ts";
import type { DeploymentConfig } from "../../../src/config/deployment-config.ts";
import type { DeploymentOptions, DeploymentPatch } from "../../../src/config/deployment-options.ts";
import { readEnvironment } from "../../../src/config/environment.ts";
import { resolveDeploymentConfig } from "./resolve-config.ts";
import { thrown } from "./thrown.ts";

/** What protects a collection of which nothing is said. */
const unprotected = { policy: "full", redact: {} } as const;
const environment = readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" });
const open = (options: DeploymentOptions = {}): MutableConfigHandle =>
  createConfigHandle(resolveDeploymentConfig(options, environment));
/** What a wrong patch gives, past the compiler. */
const refusal = (handle: MutableConfigHandle, patch: unknown) =>
  thrown(() => handle.update(patch as DeploymentPatch));

describe("update", () => {
  it("changes what the patch says, raises the version and leaves the old snapshot as it was", () => {
    const handle = open();
    const before = handle.current;
    const after = handle.update({
      enabled: false,
      samplingRate: 0.5,
      modelName: "late",
      modelVersion: "4",
      rotation: { maxAgeMs: 5_000 },
      limits: { maxFrameRows: 10 },
      spool: { minFreeBytes: 0 },
    });
    expect(handle.current).toBe(after);
    expect(after).toEqual({
      ...before,
      version: 2,
      enabled: false,
      samplingRate: 0.5,
      modelName: "late",
      modelVersion: "4",
      rotation: { ...before.rotation, maxAgeMs: 5_000 },
      limits: { ...before.limits, maxFrameRows: 10 },
      spool: { ...before.spool, minFreeBytes: 0 },
    });
    expect(before).toEqual(open().current);
    expect(
      Object.isFrozen(after) && Object.isFrozen(after.limits) && Object.isFrozen(after.collections),
    ).toBe(true);
  });

  it("a rate of the deployment reaches the collections that have none of their own", () => {
    const handle = open({ collections: { follows: {}, own: { samplingRate: 0.1 } } });
    handle.update({ samplingRate: 0.5 });
    expect(handle.current.collections.get("follows")?.samplingRate).toBe(0.5);
    expect(handle.current.collections.get("own")?.samplingRate).toBe(0.1);
    handle.update({ collections: { OWN: { samplingRate: null } } });
    expect(handle.current.collections.get("own")).toEqual({
      enabled: true,
      samplingRate: 0.5,
      inheritsSamplingRate: true,
      ...unprotected,
    });
  });

  it("merges collections by name and field; null takes one's settings away", () => {
    const handle = open({ collections: { a: { samplingRate: 0.1 }, b: { enabled: false } } });
    handle.update({ collections: { A: { enabled: false }, c: { samplingRate: 0.3 } } });
    expect([...handle.current.collections]).toEqual([
      ["a", { enabled: false, samplingRate: 0.1, inheritsSamplingRate: false, ...unprotected }],
      ["b", { enabled: false, samplingRate: 1, inheritsSamplingRate: true, ...unprotected }],
      ["c", { enabled: true, samplingRate: 0.3, inheritsSamplingRate: false, ...unprotected }],
    ]);
    handle.update({ collections: { b: null } });
    expect([...handle.current.collections.keys()]).toEqual(["a", "c"]);
  });

  it("a patch that changes nothing keeps the snapshot and its version, and tells nobody", () => {
    const handle = open({ collections: { a: {} } });
    const before = handle.current;
    let told = 0;
    handle.subscribe(() => told++);
    for (const patch of [
      {},
      { samplingRate: 1 },
      { limits: {} },
      { collections: { a: { enabled: true } } },
    ]) {
      expect(handle.update(patch)).toBe(before);
    }
    expect(told).toBe(0);
  });

  it.each<[patch: unknown, message: string]>([
    [
      { samplingRate: 2 },
      "RangeError: deployment.update option samplingRate: expected a number from 0 to 1, got 2",
    ],
    [
      { samplngRate: 1 },
      'RangeError: deployment.update options: expected a known name (did you mean "samplingRate"?), got "samplngRate"',
    ],
    [null, "TypeError: deployment.update options: expected a plain object, got null"],
    [
      { limits: { maxFrameRows: 0 } },
      "RangeError: deployment.update option limits.maxFrameRows: expected a whole number from 1 to 100000000, got 0",
    ],
    [
      { collections: { a: { enabled: 1 } } },
      "TypeError: deployment.update option collections.a.enabled: expected true or false, got a number",
    ],
    ...["endpoint", "deployment", "rollingRate"].map((name): [unknown, string] => [
      { [name]: "day" },
      `RangeError: deployment.update option ${name}: expected no change while running ` +
        "(it is part of the path of files that are being written; it needs a restart), got a text of 3 characters",
    ]),
    [
      { format: "jsonl" },
      "RangeError: deployment.update option format: expected no change while running " +
        "(files that are being written depend on it; it needs a restart), got a text of 5 characters",
    ],
    ...["destination", "credential"].map((name): [unknown, string] => [
      { [name]: "https://a.blob.core.windows.net/data?sv=1&sig=TopSecret" },
      `RangeError: deployment.update option ${name}: expected no change while running ` +
        '(accepted data is on its way there; it needs a restart), got "another one"',
    ]),
    ...["directory", "durability", "fsync", "flushIntervalMs", "fsyncIntervalMs"].map(
      (name): [unknown, string] => [
        { spool: { [name]: 7 } },
        `RangeError: deployment.update option spool.${name}: expected no change while running ` +
          "(the spool is opened with it; it needs a restart), got 7",
      ],
    ),
    ...["configFile", "onError", "onStats", "waitUntil"].map((name): [unknown, string] => [
      { [name]: () => {} },
      `RangeError: deployment.update option ${name}: expected no change while running ` +
        "(it is set up once; it needs a restart), got a function",
    ]),
  ])("refuses %j and changes nothing", (patch, message) => {
    const handle = open();
    const before = handle.current;
    let told = 0;
    handle.subscribe(() => told++);
    const whole = typeof patch === "object" && patch !== null ? { enabled: false, ...patch } : patch;
    expect(refusal(handle, whole)).toBe(message);
    expect(handle.current).toBe(before);
    expect(told).toBe(0);
  });

  it("reaches the same config one field at a time or all at once", () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    const one = fc.record({ enabled: fc.boolean(), samplingRate: fc.option(rate) }, { requiredKeys: [] });
    const patches = fc.record(
      {
        enabled: fc.boolean(),
        samplingRate: rate,
        modelName: fc.option(fc.constantFrom("a", "b")),
        collections: fc.dictionary(fc.constantFrom("x", "y", "z"), fc.option(one)),
        limits: fc.record({ maxFrameRows: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(patches, patches, (first, patch) => {
        const whole = open({ collections: { x: { samplingRate: 0.1 }, y: {} } });
        const stepwise = open({ collections: { x: { samplingRate: 0.1 }, y: {} } });
        whole.update(first);
        stepwise.update(first);
        whole.update(patch);
        for (const [name, value] of Object.entries(patch)) stepwise.update({ [name]: value });
        const { version: _, ...all } = whole.current;
        expect(stepwise.current).toMatchObject(all);
        expect([...stepwise.current.collections]).toEqual([...whole.current.collections]);
      }),
      { numRuns: 300 },
    );
  });
});

describe("rebase", () => {
  it("keeps what updates have changed on top, and counts versions as they do", () => {
    const handle = open({ samplingRate: 0.5, collections: { a: { samplingRate: 0.1 }, b: {} } });
    handle.update({ modelVersion: "2", collections: { a: null, c: { enabled: false } } });
    const options = { samplingRate: 0.25, modelName: "late", collections: { a: { enabled: false } } };
    const after = handle.rebase(resolveDeploymentConfig({ ...options, modelVersion: "1" }, environment));
    expect(after).toBe(handle.current);
    expect(after).toMatchObject({ version: 3, samplingRate: 0.25, modelName: "late", modelVersion: "2" });
    expect([...after.collections]).toEqual([
      ["c", { enabled: false, samplingRate: 0.25, inheritsSamplingRate: true, ...unprotected }],
    ]);
    expect(Object.isFrozen(after) && Object.isFrozen(after.collections)).toBe(true);
  });

  it("to what holds already changes nothing and tells nobody", () => {
    const handle = open({ samplingRate: 0.5 });
    const before = handle.update({ samplingRate: 0.75 });
    handle.subscribe(() => expect.unreachable());
    expect(handle.rebase(resolveDeploymentConfig({ samplingRate: 0.6 }, environment))).toBe(before);
  });

  it("comes to the same whenever it happens among updates", () => {
    const rate = fc.double({ min: 0, max: 1, noNaN: true });
    const one = fc.record({ enabled: fc.boolean(), samplingRate: fc.option(rate) }, { requiredKeys: [] });
    const names = fc.constantFrom("x", "y", "z");
    const patch = fc.record(
      {
        samplingRate: rate,
        modelName: fc.option(fc.constantFrom("a", "b")),
        collections: fc.dictionary(names, fc.option(one)),
        rotation: fc.record({ maxAgeMs: fc.integer({ min: 1, max: 9 }) }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    const base = fc.record(
      { samplingRate: rate, collections: fc.dictionary(names, one) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(base, fc.array(patch, { maxLength: 5 }), fc.nat(5), (changed, patches, at) => {
        const handle = open({ samplingRate: 0.5, collections: { x: { samplingRate: 0.1 }, y: {} } });
        for (const [i, each] of [...patches, undefined].entries()) {
          if (i === Math.min(at, patches.length))
            handle.rebase(resolveDeploymentConfig(changed, environment));
          if (each !== undefined) handle.update(each);
        }
        const expected = open(changed);
        for (const each of patches) expected.update(each);
        const { version: _, ...all } = expected.current;
        expect(handle.current).toMatchObject(all);
        expect(new Map(handle.current.collections)).toEqual(new Map(expected.current.collections));
      }),
      { numRuns: 300 },
    );
  });
});

describe("subscribers", () => {
  it("are told of each change after the swap, until they leave", () => {
    const handle = open();
    const seen: [number, boolean][] = [];
    const subscription = handle.subscribe((config) => seen.push([config.version, handle.current === config]));
    handle.update({ samplingRate: 0.5 });
    handle.update({ samplingRate: 0.6 });
    subscription[Symbol.dispose]();
    subscription[Symbol.dispose]();
    handle.update({ samplingRate: 0.7 });
    expect(seen).toEqual([
      [2, true],
      [3, true],
    ]);
  });

  it("cannot disturb the update or one another", () => {
    const handle = open();
    const seen: number[] = [];
    handle.subscribe(() => {
      throw new Error("the listener's own");
    });
    handle.subscribe((config) => seen.push(config.version));
    expect(handle.update({ enabled: false }).version).toBe(2);
    expect(seen).toEqual([2]);
  });

  it("the same function can subscribe twice, and leave once", () => {
    const handle = open();
    let told = 0;
    const listener = () => void told++;
    const first = handle.subscribe(listener);
    handle.subscribe(listener);
    handle.update({ enabled: false });
    expect(told).toBe(2);
    first[Symbol.dispose]();
    handle.update({ enabled: true });
    expect(told).toBe(3);
  });

  it("never hear of an older config after a newer one, even if one of them updates", () => {
    const handle = open();
    const seen: number[] = [];
    handle.subscribe((config) => {
      if (config.version === 2) handle.update({ samplingRate: 0.2 });
    });
    handle.subscribe((config) => seen.push(config.version));
    handle.update({ samplingRate: 0.1 });
    expect(seen).toEqual([3]);
    expect(handle.current.samplingRate).toBe(0.2);
  });

  it("one that another has just ended hears nothing more", () => {
    const handle = open();
    const seen: DeploymentConfig[] = [];
    handle.subscribe(() => second[Symbol.dispose]());
    const second = handle.subscribe((config) => seen.push(config));
    handle.update({ enabled: false });
    expect(seen).toEqual([]);
  });
});
