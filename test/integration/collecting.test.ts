import "@tensorflow/tfjs-backend-cpu";
import { tableFromArrays } from "apache-arrow";
import { DataFrame } from "danfojs-node";
import {
  Collector,
  CorrelationContext,
  type CollectorError,
  type ErrorInfo,
  openDeployment,
  runWithContext,
} from "model-data-collector";
import { expect, onTestFinished, test } from "vitest";
import { duckdbQuery } from "../support/parquet-engines.ts";
import { expectBalance, parquetFiles, type Row, scratch, storedRows, until } from "../support/scratch.ts";

type Heard = { code: string; reason: string; collection: string | null; frames: number; message: string };

function listener(): { heard: Heard[]; onError: (error: CollectorError, info: ErrorInfo) => void } {
  const heard: Heard[] = [];
  const onError = (error: CollectorError, { reason, collection, frames }: ErrorInfo): void => {
    heard.push({ code: error.code, reason, collection, frames, message: error.message });
  };
  return { heard, onError };
}

test.each([1, 0.1])(
  "inputs and outputs of every kept request join row by row, at a sampling rate of %d, across an hour boundary",
  async (samplingRate) => {
    const { destination, options } = await scratch();
    await using deployment = await openDeployment(options({ samplingRate }));
    const collections = ["model_inputs", "features", "model_outputs"];
    const collectors = collections.map((name) => deployment.collector(name));
    const midnight = Date.UTC(2026, 10, 23);
    const kept = new Set<string>();
    for (let i = 0; i < 400; i++) {
      const context = CorrelationContext.create({ requestTime: new Date(midnight - 200_000 + i * 1_000) });
      const rows = Array.from({ length: 1 + (i % 3) }, (_, row) => ({ a: i * 10 + row }));
      for (const collector of collectors) expect(collector.collect(rows, context)).toBe(context);
      if (context.sampled.get("model_inputs")) kept.add(context.id);
      expect(new Set(context.sampled.values()).size).toBe(1);
    }
    await deployment.flush();
    expect(samplingRate === 1 ? kept.size === 400 : kept.size > 10 && kept.size < 90).toBe(true);
    const [inputs, ...others] = await Promise.all(
      collections.map((name) => storedRows(destination, name, { a: "float64" })),
    );
    const keyed = (rows: Row[] = []): unknown[] =>
      rows
        .map(({ mdc_correlation_id, mdc_row_index, a }) =>
          JSON.stringify([mdc_correlation_id, mdc_row_index, a]),
        )
        .sort();
    for (const other of others) expect(keyed(other)).toEqual(keyed(inputs));
    expect(new Set(inputs?.map(({ mdc_correlation_id }) => mdc_correlation_id))).toEqual(kept);
    expect(new Set(keyed(inputs)).size).toBe(inputs?.length);
    // Each request's records share a partition, whenever they were collected.
    expect(parquetFiles(destination)).toHaveLength(6);
    expect(deployment.stats().frames).toMatchObject({
      offered: 1_200,
      delivered: 3 * kept.size,
      sampledOut: 1_200 - 3 * kept.size,
    });
    expectBalance(deployment.stats());
  },
);

test("ten thousand keys that are data are in files at once, and hold no other collection up", async () => {
  const { destination, options } = await scratch();
  const { heard, onError } = listener();
  await using deployment = await openDeployment(options({ onError, spool: { flushIntervalMs: 1 } }));
  const crowded = deployment.collector("scores");
  const other = deployment.collector("other");
  for (let i = 0; i < 10_000; i++) {
    crowded.collect([{ id: i, [`user_${i}`]: i / 7 }]);
    // Each a batch of its own, as far as that goes.
    await new Promise((resolve) => void setImmediate(resolve));
  }
  other.collect([{ a: 1 }]);
  await deployment.flush();
  expect(await storedRows(destination, "other", { a: "float64" })).toHaveLength(1);
  const files = parquetFiles(destination).filter((path) => path.includes("scores"));
  expect(files.length).toBeGreaterThan(0);
  const list = files.map((path) => `'${path.replaceAll("'", "''")}'`).join();
  const [counts] = await duckdbQuery(
    new Uint8Array(0),
    `SELECT count(*)::INT AS rows, count(user_17)::INT AS one, sum(user_17) AS its, max(id) FILTER (user_17 IS NOT NULL) AS of,
      count(mdc_rejected)::INT AS rejected FROM read_parquet([${list}], union_by_name = true)`,
  );
  // The column of the ids is one of ten thousand, so there is room for all but one of the others.
  expect(counts).toEqual({ rows: 10_000, one: 1, its: 17 / 7, of: 17, rejected: 1 });
  expect(heard.map(({ code, reason, collection }) => ({ code, reason, collection }))).toEqual([
    { code: "VALUES_REJECTED", reason: "too_many_columns", collection: "scores" },
  ]);
  expectBalance(deployment.stats());
});

test("rates of 0 and 1 are exact, for each collection", async () => {
  const { options } = await scratch();
  await using deployment = await openDeployment(
    options({ samplingRate: 0, collections: { model_outputs: { samplingRate: 1 } } }),
  );
  const [inputs, outputs] = [deployment.collector("model_inputs"), deployment.collector("Model_Outputs")];
  for (let i = 0; i < 500; i++) outputs.collect([{ a: 1 }], inputs.collect([{ a: 1 }]));
  expect(inputs.stats().frames).toMatchObject({ offered: 500, sampledOut: 500 });
  expect(outputs.stats().rows).toMatchObject({ offered: 500, sampledOut: 0 });
});

test("changing what was passed changes nothing that is stored", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const collector = deployment.collector("model_inputs");
  const collect = (id: string, frame: object): void => {
    collector.collect(frame, CorrelationContext.create({ id }));
  };
  const rows = [{ a: 1, tags: ["x"], at: new Date(0), raw: Uint8Array.of(1) }];
  collect("rows", rows);
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  row.a = 2;
  row.tags.push("y");
  row.at.setTime(86_400_000);
  row.raw[0] = 9;
  rows.push({ a: 3, tags: [], at: new Date(), raw: Uint8Array.of() });

  const typed = { a: Float64Array.from({ length: 100 }, () => 1) };
  collect("typed", typed);
  typed.a.fill(2);

  const columns: { a: number[] } = { a: [1] };
  collect("columns", columns);
  columns.a[0] = 2;

  const danfo = new DataFrame([{ a: 1 }, { a: 1 }]);
  collect("danfo", danfo);
  danfo.addColumn("a", [2, 2], { inplace: true });
  (danfo.values as number[][])[0]?.fill(2);

  const arrow = tableFromArrays({ a: Float64Array.of(1, 1) });
  collect("arrow", arrow);
  (arrow.getChild("a")?.data[0]?.values as Float64Array | undefined)?.fill(2);

  await deployment.flush();
  const stored = await storedRows(destination, "model_inputs", {
    a: "float64",
    tags: "list<string>",
    at: "timestamp",
    raw: "binary",
  });
  expect(stored.map(({ a }) => a).every((a) => a === 1)).toBe(true);
  expect(stored).toHaveLength(1 + 100 + 1 + 2 + 2);
  expect(stored[0]).toMatchObject({ tags: ["x"], at: 0n, raw: "x01" });
});

/** Things that throw when they are looked at. */
function hostileFrames(): Record<string, unknown> {
  const fail = (): never => {
    throw new Error("secret-canary");
  };
  const traps = new Proxy(
    {},
    { get: fail, ownKeys: fail, getPrototypeOf: fail, has: fail, getOwnPropertyDescriptor: fail },
  );
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const lying = new Proxy([{ a: 1 }], {
    get: (target, key) => (key === "length" ? "many" : Reflect.get(target, key)),
  });
  const throwing = (): never => {
    throw traps;
  };
  return {
    "a getter that throws": [
      {
        get a(): never {
          return fail();
        },
      },
    ],
    "a column getter that throws": {
      get a(): never {
        return fail();
      },
    },
    "a Proxy that traps everything": traps,
    "a revoked Proxy": revoked,
    "rows of a Proxy that traps everything": [traps],
    "an array that lies about its length": lying,
    "a getter that throws a hostile Proxy": [
      {
        get a(): never {
          return throwing();
        },
      },
    ],
    "toJSON that throws": [{ a: { toJSON: fail } }],
    "a cell that is a Proxy": [{ a: traps }],
    "an endless array": { a: new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 40 : 1) }) },
    undefined: undefined,
    null: null,
    "a text": "frame",
    "a number": 5,
    "a promise": Promise.resolve([{ a: 1 }]),
    "columns of different lengths": { a: [1, 2], b: [1] },
    "a circular object": (() => {
      const circle: Record<string, unknown> = { a: 1 };
      circle["self"] = circle;
      return [circle];
    })(),
    "a depth of 100,000": [{ a: Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], 1) }],
  };
}

test("nothing that a frame does when it is read reaches the caller; every frame is counted", async () => {
  const { options } = await scratch();
  const { heard, onError } = listener();
  await using deployment = await openDeployment(options({ onError }));
  const collector = deployment.collector("model_inputs");
  const switchedOff = deployment.collector("off");
  const sampledOut = deployment.collector("sampled");
  deployment.update({ collections: { off: { enabled: false }, sampled: { samplingRate: 0 } } });
  let offered = 0;
  for (const [name, frame] of Object.entries(hostileFrames())) {
    for (const each of [collector, switchedOff, sampledOut]) {
      const context = each.collect(frame as object);
      expect(context, name).toBeInstanceOf(CorrelationContext);
      offered++;
      expect(deployment.stats().frames.offered, name).toBe(offered);
      expectBalance(deployment.stats());
    }
  }
  await deployment.flush();
  expectBalance(deployment.stats());
  expect(JSON.stringify(heard)).not.toContain("secret-canary");
});

test("nothing that is passed as a context reaches the caller; the frame is logged under another one", async () => {
  const { destination, options } = await scratch();
  const { heard, onError } = listener();
  await using deployment = await openDeployment(options({ onError }));
  const collector = deployment.collector("model_inputs");
  const fail = (): never => {
    throw new Error("no");
  };
  const contexts: unknown[] = [
    "id",
    {},
    new Proxy({}, { getPrototypeOf: fail, get: fail }),
    Object.create(null),
    5,
    Symbol("x"),
    null,
  ];
  for (const context of contexts) {
    expect(collector.collect([{ a: 1 }], context as CorrelationContext)).toBeInstanceOf(CorrelationContext);
  }
  await deployment.flush();
  expect(await storedRows(destination, "model_inputs")).toHaveLength(contexts.length);
  expect(heard.map(({ code, reason }) => [code, reason])).toEqual([["INVALID_CONTEXT", "invalid_context"]]);
  expectBalance(deployment.stats());
});

test("listeners may throw, reject or hang: it reaches nobody", async () => {
  const { options } = await scratch();
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  onTestFinished(() => void process.off("unhandledRejection", note));
  let calls = 0;
  const listeners = [
    () => {
      calls++;
      throw new Error("thrown");
    },
    async () => {
      calls++;
      throw new Error("rejected");
    },
    () => {
      calls++;
      // oxlint-disable-next-line unicorn/no-thenable -- a thenable is the point
      return { then: (_: unknown, reject: (error: Error) => void) => reject(new Error("thenable")) };
    },
    () => new Promise<void>(() => calls++),
  ];
  for (const onError of listeners) {
    const deployment = await openDeployment(
      options({ onError: onError as () => void, onStats: onError as () => void }),
    );
    const own = new Collector({ name: "model_inputs", deployment, onError: onError as () => void });
    own.collect(5 as never);
    deployment.collector("model_outputs").collect(5 as never);
    await deployment.close();
    expect(deployment.stats().frames.dropped).toEqual({ invalid: 2 });
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(calls).toBe(12);
  expect(unhandled).toEqual([]);
});

test("a redactor that throws or rejects loses the value, never the frame, and never lets it through", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const collector = deployment.collector("model_inputs", {
    redact: {
      thrown: () => {
        throw new Error("no");
      },
      rejected: async () => {
        throw new Error("no");
      },
      dropped: "drop",
      masked: "mask",
    },
  });
  const secret = "secret-canary";
  collector.collect([{ a: 1, thrown: secret, rejected: secret, dropped: secret, masked: secret }]);
  await deployment.flush();
  expect(await storedRows(destination, "model_inputs", { a: "float64", thrown: "string" })).toMatchObject([
    { a: 1, thrown: null },
  ]);
  const { readFileSync } = await import("node:fs");
  const { zstdDecompressSync } = await import("node:zlib");
  expect(zstdDecompressSync).toBeTypeOf("function");
  for (const path of parquetFiles(destination)) expect(readFileSync(path).includes(secret)).toBe(false);
  expectBalance(deployment.stats());
});

test("the collector's own listener hears of its drops, at the call and later; the deployment's does not", async () => {
  const { options } = await scratch();
  const [own, all] = [listener(), listener()];
  await using deployment = await openDeployment(
    options({ onError: all.onError, limits: { maxFrameBytes: 200_000, maxMemoryBytes: 300_000 } }),
  );
  const collector = new Collector({ name: "model_inputs", deployment, onError: own.onError });
  collector.collect(7 as never);
  collector.collect({ s: ["x".repeat(300_000)] });
  for (let i = 0; i < 5; i++) collector.collect({ a: new Float64Array(15_000) });
  await deployment.flush();
  expect(own.heard.map(({ code, reason, collection }) => [code, reason, collection])).toEqual([
    ["FRAME_DROPPED", "invalid", "model_inputs"],
    ["FRAME_DROPPED", "too_large", "model_inputs"],
    ["FRAME_DROPPED", "memory", "model_inputs"],
  ]);
  expect(all.heard).toEqual([]);
  expect(collector.stats().frames.dropped).toEqual({ invalid: 1, too_large: 1, memory: 3 });
  expectBalance(collector.stats());
});

test("drops of one reason are told once a second, with how many there were", async () => {
  const { options } = await scratch();
  const { heard, onError } = listener();
  await using deployment = await openDeployment(options({ onError }));
  const collector = deployment.collector("model_inputs");
  for (let i = 0; i < 50; i++) collector.collect(null as never);
  expect(heard).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 1_050));
  collector.collect(null as never);
  expect(heard.map(({ frames }) => frames)).toEqual([1, 50]);
});

test("without a context the current one is used, and without that a new one", async () => {
  const { options } = await scratch();
  await using deployment = await openDeployment(options());
  const collector = deployment.collector("model_inputs");
  const context = CorrelationContext.create({ id: "mine" });
  const [inside, afterwards] = await runWithContext(context, async () => {
    await Promise.resolve();
    return [collector.collect([{ a: 1 }]), collector.collect([{ a: 2 }])];
  });
  expect(inside).toBe(context);
  expect(afterwards).toBe(context);
  expect(collector.collect([{ a: 3 }]).id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
});

test("request times far in the past and the future, and a hundred partitions at once", async () => {
  const { destination, options } = await scratch();
  await using deployment = await openDeployment(options());
  const collector = deployment.collector("model_inputs");
  const times = [
    0,
    Date.UTC(9999, 11, 31, 23),
    ...Array.from({ length: 100 }, (_, i) => Date.UTC(2026, 0, 1, i)),
  ];
  for (const [a, time] of times.entries()) {
    collector.collect([{ a }], CorrelationContext.create({ requestTime: new Date(time) }));
  }
  await deployment.flush();
  const rows = await storedRows(destination, "model_inputs", { a: "float64" });
  expect(rows.map(({ a }) => a).sort((x, y) => Number(x) - Number(y))).toEqual(times.map((_, i) => i));
  expect(parquetFiles(destination)).toHaveLength(102);
  expect(parquetFiles(destination).join()).toContain("inference_date=1970-01-01/inference_hour=00");
  expect(parquetFiles(destination).join()).toContain("inference_date=9999-12-31/inference_hour=23");
  expectBalance(deployment.stats());
});

test("the ledger balances at every moment, and after the close", async () => {
  const { options } = await scratch();
  const deployment = await openDeployment(options({ samplingRate: 0.5, rotation: { maxAgeMs: 30 } }));
  const collectors = ["a", "b", "c"].map((name) => deployment.collector(name));
  deployment.update({ collections: { c: { enabled: false } } });
  for (let round = 0; round < 40; round++) {
    for (const [i, collector] of collectors.entries()) {
      collector.collect(Array.from({ length: (round + i) % 4 }, () => ({ x: round, y: "é".repeat(i) })));
      collector.collect((round % 7 === 0 ? null : { x: [1, 2], z: [null, "a"] }) as object);
      expectBalance(collector.stats());
    }
    expectBalance(deployment.stats());
    await new Promise((resolve) => setTimeout(resolve, 5));
    expectBalance(deployment.stats());
  }
  const flushing = deployment.flush();
  await until(() => {
    expectBalance(deployment.stats());
    return deployment.stats().frames.buffered === 0;
  });
  await flushing;
  await deployment.close();
  for (const collector of collectors) {
    collector.collect([{ x: 1 }]);
    expectBalance(collector.stats());
    expect(collector.enabled).toBe(false);
  }
  const { frames } = deployment.stats();
  expect(frames).toMatchObject({ offered: 243, buffered: 0, spooled: 0 });
  expect(frames.dropped).toMatchObject({ closed: 3 });
  expectBalance(deployment.stats());
});
