import { join } from "node:path";
import { type DeploymentOptions, list, type RedactOptions } from "../../../src/index.ts";
import * as frames from "./golden-frames.ts";
import { type Compression, GoldenWorld } from "./golden-world.ts";
import { libraryFrames } from "./library-frames.ts";
import type { Digest } from "./golden-table.ts";

/** Stores the whole input below `folder`, a folder for each deployment, and gives back all digests. */
export async function storeGoldenTree(
  folder: string,
  compression: Compression,
): Promise<Map<string, Digest>> {
  const digests = new Map<string, Digest>();
  for (const [name, { options, play }] of Object.entries(deployments)) {
    const world = new GoldenWorld(join(folder, name), compression, { ...options, deployment: name });
    await play(world);
    for (const [path, digest] of await world.end()) digests.set(`${name}/${path}`, digest);
    if (world.problem !== undefined) throw new Error(`${name}: ${world.problem}`);
  }
  return digests;
}

interface Play {
  readonly options: DeploymentOptions;
  readonly play: (world: GoldenWorld) => Promise<void>;
}

const limits = { maxFrameBytes: 64 << 20, maxFrameColumns: 10_000, maxStringBytes: 8_192 };

const deployments: Readonly<Record<string, Play>> = {
  parquet: {
    options: {
      ...{ format: "parquet", rollingRate: "hour", modelName: "delays", modelVersion: "7", limits },
      collections: { sampled: { samplingRate: 0.5 } },
    },
    async play(world) {
      await values(world);
      await schemas(world);
      await volumes(world);
      await requests(world);
    },
  },
  jsonl: {
    options: {
      format: "jsonl",
      rollingRate: "minute",
      limits,
      collections: { sampled: { samplingRate: 0.5 } },
    },
    async play(world) {
      await values(world);
      await schemas(world);
      // Before requests, which leave the deployment at a lower sampling rate.
      await besideTheFile(world);
      await requests(world);
    },
  },
  days: { options: { format: "parquet", rollingRate: "day", modelName: null }, play: partitions },
  minutes: { options: { format: "parquet", rollingRate: "minute" }, play: partitions },
};

/** A file in each of some partitions. */
async function partitions(world: GoldenWorld): Promise<void> {
  const collector = world.collector("model_inputs");
  for (const minute of [0, 1, 12 * 60]) {
    collector.collect([{ a: minute }], { minute });
    await world.deliver();
  }
}

/** Every kind of value and of frame. */
async function values(world: GoldenWorld): Promise<void> {
  const rows = world.collector("rows");
  rows.collect(frames.kindsOfValues);
  for (const row of frames.kindsOfValues) rows.collect([row]);
  await world.deliver();
  world.collector("columns").collect(frames.columns);
  await world.deliver();
  for (const [library, frame] of Object.entries(libraryFrames())) {
    world.collector(library).collect(frame);
    await world.deliver();
  }
}

/** Pinned, declared, widened, contradicted and redacted columns. */
async function schemas(world: GoldenWorld): Promise<void> {
  const conflicts = world.collector("conflicts");
  for (const frame of frames.conflicts) {
    conflicts.collect(frame);
    await world.deliver();
  }
  const declared = world.collector("declared", {
    schema: {
      ...{
        n: "float64",
        i: "int64",
        flag: "boolean",
        s: "string",
        when: "timestamp",
        raw: "binary",
        any: "json",
      },
      ...{ numbers: list("float64"), ints: list("int64"), texts: list("string"), dates: list("timestamp") },
    },
  });
  declared.collect([
    { n: 1, i: 2, flag: true, s: "s", when: new Date(5), raw: Uint8Array.of(1), any: [1, { a: null }] },
    { numbers: [1, 2.5], ints: [1, 2n ** 60n], texts: ["a", null], dates: [new Date(5)] },
    {
      n: "no",
      i: 1.5,
      flag: "yes",
      s: 5,
      when: "soon",
      raw: "text",
      any: "text",
      numbers: ["x"],
      ints: [0.5],
    },
  ]);
  await world.deliver();
  declared.collect([{ undeclared: 1 }]);
  await world.deliver();
  const redact: RedactOptions = {
    ...{ secret: "drop", Name: "mask", user: { hmacKey: "key" }, note: { truncate: 3 } },
    age: (age) => Math.floor(Number(age) / 10),
  };
  world.collector("redacted", { redact }).collect([
    { secret: 1, name: "Ada", user: "ada@example.org", note: "ünï👩‍🚀code", age: 36, kept: "kept" },
    { secret: 2, name: null, user: 42n, note: { a: 1 }, age: null },
  ]);
  await world.deliver();
}

/** Large files, and columns beyond what a collection has room for. */
async function volumes(world: GoldenWorld): Promise<void> {
  const many = world.collector("many");
  many.collect(frames.manyRows(70_000, 1));
  many.collect(frames.manyRows(60_000, 2));
  await world.deliver();
  const bounded = world.collector("wide");
  bounded.collect(frames.wide(0, 9_990));
  await world.deliver();
  bounded.collect(frames.wide(9_980, 10_010));
  await world.deliver();
}

/** Many small frames, and what is known of requests: time and partition, tags, sampling, model version. */
async function requests(world: GoldenWorld): Promise<void> {
  const scored = world.collector("scored");
  scored.collect([{ distance: 1, carrier: "AA" }]);
  await world.deliver();
  for (let i = 0; i < 3_000; i++) {
    const attributes = {
      ...(i % 3 === 0 && { tenant: `t${i % 7}` }),
      ...(i % 500 === 0 && { "odd ✓": '"q"' }),
    };
    scored.collect([{ distance: i, carrier: ["AA", "UA", "WN"][i % 3] }], { attributes });
  }
  await world.deliver();
  const cut = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`tag${i}`, "long ".repeat(600)]));
  for (const minute of [1, 61, 24 * 60]) {
    // The first spelling is the folder's.
    world.collector("SCORED").collect([{ distance: minute, carrier: null }], { minute, attributes: cut });
    await world.deliver();
  }
  const sampled = world.collector("sampled");
  for (let i = 0; i < 50; i++) sampled.collect([{ i }]);
  await world.deliver();
  world.core.handle.update({ modelName: "delays", modelVersion: "8", samplingRate: 0.75 });
  for (let i = 0; i < 20; i++) scored.collect([{ distance: i }]);
  await world.deliver();
}

/** A payload and rejected values that are too large for a line. */
async function besideTheFile(world: GoldenWorld): Promise<void> {
  const large = world.collector("large", { schema: { id: "int64" } });
  large.collect([{ id: 1 }]);
  large.collect(frames.manyRows(20_000, 3));
  large.collect([{ id: 2 }]);
  large.collect({
    id: Array.from({ length: 60_000 }, (_, i) => `no integer, and a longer text than one has: ${i} of them`),
  });
  await world.deliver();
  const bounded = world.collector("wide");
  bounded.collect(frames.wide(0, 300));
  bounded.collect(frames.wide(290, 310));
  await world.deliver();
}
