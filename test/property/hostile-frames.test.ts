import assert from "node:assert/strict";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/time/clock.ts";
import { systemIds } from "../../src/base/ids.ts";
import { Collector } from "../../src/collector/collector.ts";
import { registerCore } from "../../src/collector/process/core-registry.ts";
import { CorrelationContext } from "../../src/collector/context/correlation-context.ts";
import { DeploymentCore } from "../../src/collector/deployment-core.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveDeployment } from "../../src/config/resolve.ts";
import type { Deployment } from "../../src/collector/api.ts";
import { columnCells } from "../support/column-cells.ts";
import { decodeBatch } from "../../src/frame/wire/decode.ts";
import type { OutgoingBatch } from "../../src/pipeline/backend.ts";
import { hasPlainDate } from "../../src/layout/partition.ts";
import { parseLabel } from "../../src/pipeline/segment-label.ts";

/** Something that a host does to what everybody shares, undone by what it returns. */
type Mischief = () => () => void;

function replaced(target: object, name: PropertyKey, descriptor: PropertyDescriptor): Mischief {
  return () => {
    const before = Object.getOwnPropertyDescriptor(target, name);
    Object.defineProperty(target, name, { configurable: true, ...descriptor });
    return () => {
      if (before === undefined) Reflect.deleteProperty(target, name);
      else Object.defineProperty(target, name, before);
    };
  };
}

const boom = (): never => {
  throw new TypeError("boom");
};
const times: readonly (() => unknown)[] = [
  () => undefined,
  () => Number.NaN,
  () => -1,
  () => 1.7e12 + 0.75,
  () => 1e18,
  () => -1e15,
  () => 10n,
  () => "soon",
  boom,
];
const toJson = { value: () => "toJSON", writable: true };
/**
 * These leave no array in the process whole: then no frame can be stored, and those that wait are lost with
 * it.
 */
const breaking: readonly Mischief[] = [
  replaced(Object.prototype, "0", { get: () => "ghost", set: () => {} }),
  ...["0", "1", "2"].map((index) => replaced(Array.prototype, index, { get: () => "ghost", set: () => {} })),
  replaced(Array.prototype, "0", { get: boom, set: boom }),
  replaced(Array.prototype, Symbol.iterator, { value: boom, writable: true }),
  replaced(Array.prototype, Symbol.iterator, {
    value: () => ({ next: () => ({ done: true }) }),
    writable: true,
  }),
];
const mischiefs: readonly Mischief[] = [
  () => () => {},
  ...[Array, Object, String, Number, Boolean, Date, BigInt, Map].map(({ prototype }) =>
    replaced(prototype, "toJSON", toJson),
  ),
  ...breaking,
  ...times.map((value) => replaced(Date, "now", { value, writable: true })),
  ...times.map((value) => replaced(performance, "now", { value, writable: true })),
];

/** Says the first length once, and the second ever after. */
const lengths = (values: unknown[], first: unknown, second: unknown): unknown => {
  let asked = false;
  return new Proxy(values, {
    get: (target, name, receiver) => {
      if (name !== "length") return Reflect.get(target, name, receiver);
      const length = asked ? second : first;
      asked = true;
      return length;
    },
    getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(target, name),
  });
};
class Shouting extends Float64Array {
  override get length(): number {
    return 2 ** 40;
  }
  override [Symbol.iterator](): never {
    return boom();
  }
}
const oddLengths = [
  Number.NaN,
  1.5,
  -1,
  2 ** 32,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  "2",
  undefined,
  null,
  2n,
  2,
];

const frames = fc.oneof(
  fc
    .tuple(fc.constantFrom(...oddLengths), fc.constantFrom(...oddLengths), fc.boolean())
    .map(([first, second, rows]) => (): unknown => {
      const odd = lengths([1, 2], first, second);
      return rows ? odd : { v: odd, w: [1, 2] };
    }),
  fc.constantFrom<() => unknown>(
    () => null,
    () => 10n ** 20_000n,
    () => ({ v: [10n ** 20_000n, 1n] }),
    () => ({ v: [[10n ** 20_000n]] }),
    () => ({ v: [{ deep: 10n ** 20_000n }] }),
    () => [
      {
        get v() {
          return boom();
        },
      },
    ],
    () => ({
      get v() {
        return boom();
      },
    }),
    () => new Proxy({}, { ownKeys: boom, get: boom, getPrototypeOf: boom }),
    () => ({ v: new Shouting([1, 2]) }),
    () => ({ v: [new Shouting([1, 2])] }),
    () => {
      const buffer = new ArrayBuffer(16);
      const v = new Float64Array(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      return { v };
    },
    () => {
      const Resizable = ArrayBuffer as unknown as new (
        n: number,
        o: object,
      ) => ArrayBuffer & { resize(n: number): void };
      const buffer = new Resizable(16, { maxByteLength: 32 });
      const v = new Float64Array(buffer, 8);
      const w = {
        get w() {
          buffer.resize(0);
          return [1];
        },
      };
      return Object.defineProperty({ v }, "w", { enumerable: true, get: () => w.w });
    },
    () => ({ v: Object.assign([1, 2], { constructor: Array, slice: boom }) }),
    () => ({
      v: [Object.defineProperties(new Set([1]), { size: { value: -1 }, [Symbol.iterator]: { value: boom } })],
    }),
    () => ({ v: [Object.assign(new Map([[1, 2]]), { [Symbol.iterator]: boom })] }),
    () => ({ v: [new Number(1), new String("x")] }),
    () => ({ v: [new Date(Number.NaN), new Date(8.64e15)] }),
    () => ({ v: ["\ud800", "x"] }),
    () => ({
      numRows: () => Number.NaN,
      columnNames: () => [],
      column: boom,
      scan: boom,
      __proto__: { x: 1 },
    }),
    () => ({ $isSeries: false, $columns: ["v"], $data: lengths([], 3, 2 ** 32), __proto__: { x: 1 } }),
    () => ({ height: -1, columns: [], getColumn: boom, getColumns: boom, __proto__: { x: 1 } }),
    () => ({ numRows: 1.5, getChildAt: boom, schema: { fields: [] }, __proto__: { x: 1 } }),
    () => ({ v: [() => {}, Symbol("s")] }),
    () => ({ __proto__: null, v: [1, 2] }),
    () => [{ v: 1, w: { toJSON: boom } }],
  ),
);

const contexts = fc.constantFrom<() => CorrelationContext | undefined>(
  () => undefined,
  () => CorrelationContext.create({ id: "x", attributes: { a: "b" } }),
  ...[1.7e18, Number.NaN, -1, 1.5, undefined, "now"].map(
    (requestTimeMs) => () => Object.assign(CorrelationContext.create(), { requestTimeMs }),
  ),
  () => Object.assign(CorrelationContext.create(), { requestId: { toString: boom } }),
  () => Object.assign(CorrelationContext.create(), { clientRequestId: { toString: boom } }),
  () => Object.assign(CorrelationContext.create(), { attributes: new Proxy({}, { ownKeys: boom }) }),
  ...[() => "i".repeat(10_000_000), () => 7, boom].map(
    (get) => () => Object.defineProperty(CorrelationContext.create(), "id", { get }),
  ),
  () => Object.defineProperty(CorrelationContext.create(), "requestTimeMs", { get: boom }),
  () => Object.defineProperty(CorrelationContext.create(), "tagsText", { get: boom }),
  () => Object.defineProperty(CorrelationContext.create(), "tagsText", { get: () => 5 }),
  () => Object.defineProperty(CorrelationContext.create(), "noteSampled", { get: boom }),
  () => new Proxy(CorrelationContext.create(), { get: boom, getPrototypeOf: boom }),
  () => Object.create(CorrelationContext.create()) as CorrelationContext,
  () => ({ id: "no context" }) as unknown as CorrelationContext,
);

interface World {
  readonly core: DeploymentCore;
  readonly deployment: Deployment;
  /** A map: a host can see to it that an array keeps nothing. */
  readonly batches: Map<number, OutgoingBatch>;
}

function openWorld(): World {
  const deployment = {} as Deployment;
  const batches = new Map<number, OutgoingBatch>();
  const resolved = resolveDeployment(
    { destination: "/data", onError: () => {} },
    readEnvironment({}, { platform: "linux", homedir: () => "/home/ada" }),
  );
  const core = new DeploymentCore(resolved, {
    clock: systemClock,
    ids: systemIds,
    startBackend: () => ({
      append: (batch) => void batches.set(batch.sequence, batch),
      update: () => {},
      flush: async () => ({ pending: 0, trouble: undefined }),
      close: async () => {},
      save: () => {},
    }),
  });
  registerCore(deployment, core);
  return { core, deployment, batches };
}

const runs = 20_000;

test("whatever is collected in whatever host, nothing throws, the ledger balances and the neighbours are stored whole", () => {
  const { core, deployment, batches } = openWorld();
  const collector = new Collector({ name: "x", deployment });
  // Thousands of errors, whose stacks nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  onTestFinished(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  let neighbours = 0;
  let dropped = 0;
  const hostile = fc.tuple(frames, contexts, fc.constantFrom(...mischiefs));
  fc.assert(
    fc.property(hostile, ([frame, context, mischief]) => {
      batches.clear();
      const before = core.ledger.snapshot();
      const marks = [neighbours++, neighbours++];
      // Not in the way of the mischief: what a host has broken it may break for the making of frames, too.
      const [passed, given] = [frame(), context()];
      collector.collect([{ mark: marks[0] }]);
      const undo = mischief();
      try {
        collector.collect(passed as object, given);
        core.batcher.flushNow();
      } finally {
        undo();
      }
      collector.collect([{ mark: marks[1] }]);
      core.batcher.flushNow();
      const after = core.ledger.snapshot();
      assert.equal(after.frames.offered - before.frames.offered, 3);
      for (const unit of ["frames", "rows", "bytes"] as const) {
        const { offered, buffered, sampledOut, disabled, delivered, spooled, dropped: lost } = after[unit];
        const drops = Object.values(lost).reduce<number>((sum, count) => sum + (count ?? 0), 0);
        assert.equal(offered, buffered + sampledOut + disabled + delivered + spooled + drops, unit);
      }
      const lost = (after.frames.dropped["invalid"] ?? 0) + (after.frames.dropped["too_large"] ?? 0);
      const lostHere =
        lost - (before.frames.dropped["invalid"] ?? 0) - (before.frames.dropped["too_large"] ?? 0);
      dropped += lostHere;
      const stored = [...batches.values()].map(({ bytes }) => decodeBatch(bytes));
      for (const { label } of batches.values()) assert.ok(hasPlainDate(parseLabel(label).partition));
      assert.equal(stored.reduce((sum, { header }) => sum + header.frames, 0) + lostHere, 3);
      const kept = stored.flatMap(({ columns, header }) =>
        columns.filter(({ name }) => name === "mark").flatMap((column) => columnCells(column, header.rows)),
      );
      const whole = kept.filter((mark) => mark !== undefined);
      assert.deepEqual(whole, breaking.includes(mischief) && whole.length === 1 ? marks.slice(1) : marks);
    }),
    { numRuns: runs, endOnFailure: true },
  );
  // Many of them are fit to be stored, and many are not.
  expect(dropped).toBeGreaterThan(runs / 2);
  expect(dropped).toBeLessThan(2 * runs);
});
