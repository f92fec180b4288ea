import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { CorrelationContext, type DeploymentOptions, openDeployment } from "model-data-collector";
import { Baseline, type CollectionProfile, jensenShannonDistance } from "model-data-collector/monitor";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { runScript, type Scratch, scratch } from "../support/scratch.ts";

const hours = ["2026-11-22T05:00:00.000Z", "2026-11-22T06:59:59.999Z"] as const;
const perHour = 600;

interface Row {
  readonly distance: number | null;
  readonly origin: string;
  readonly gate: number;
}

/** All rows that are offered, in two hours. */
const rows: readonly (readonly Row[])[] = hours.map((_, hour) =>
  Array.from({ length: perHour }, (_, i) => ({
    distance: i % 10 === 0 ? null : ((7_919 * i + hour) % 1_009) / 10,
    origin: ["SEA", "JFK", "OSL"][(i * (hour + 3)) % 3] as string,
    gate: i,
  })),
);

const baseline = Baseline.create({
  collection: "model_inputs",
  from: new Date("2026-11-01"),
  to: new Date("2026-11-08"),
  columns: { distance: [0, 25, 50, 101], origin: ["SEA", "SEA", "OSL", "SEA"] },
});

async function collectAll(place: Scratch, given: DeploymentOptions): Promise<void> {
  await using deployment = await openDeployment(place.options(given));
  const inputs = deployment.collector("model_inputs");
  for (const [hour, frames] of rows.entries())
    for (const row of frames)
      inputs.collect([row], CorrelationContext.create({ requestTime: new Date(hours[hour] ?? "") }));
}

async function profilesOf({ destination }: Scratch): Promise<CollectionProfile[]> {
  await using data = await openDataset(destination);
  return data.profiles({ collection: "model_inputs" });
}

function profileText({ destination }: Scratch): string {
  const files = globSync("**/_profile/*/*.jsonl", { cwd: destination });
  return files.map((path) => readFileSync(join(destination, path), "utf8")).join("");
}

/** What a profile has to say of rows, counted one by one. */
function expectAllOf(profile: CollectionProfile | undefined, all: readonly Row[]): void {
  const known = all.flatMap(({ distance }) => (distance === null ? [] : [distance]));
  const distance = profile?.columns.get("distance");
  expect(profile?.rows).toBe(all.length);
  expect(distance?.nulls).toBe(all.length - known.length);
  expect(distance?.min).toBe(Math.min(...known));
  expect(distance?.max).toBe(Math.max(...known));
  expect(distance?.mean).toBeCloseTo(known.reduce((sum, one) => sum + one, 0) / known.length, 10);
  const median = distance?.quantile(0.5) ?? Number.NaN;
  const rank = known.filter((one) => one <= median).length / known.length;
  expect(Math.abs(rank - 0.5)).toBeLessThanOrEqual((distance?.maxRankError() ?? 0) + 1 / known.length);
  const origins = new Map(profile?.columns.get("origin")?.frequent());
  for (const origin of ["SEA", "JFK", "OSL"])
    expect(origins.get(origin) ?? 0).toBe(all.filter((row) => row.origin === origin).length);
  expect(profile?.columns.get("gate")?.min).toBe(0);
}

test.each([
  { samplingRate: 0 },
  { samplingRate: 0.3 },
  { samplingRate: 1 },
  { samplingRate: 0.3, format: "jsonl", spool: { durability: "memory" } },
  { samplingRate: 0.3, rollingRate: "minute", spool: { durability: "frame" } },
] satisfies DeploymentOptions[])("with %o profiles are of all rows that were offered", async (given) => {
  const place = await scratch();
  await collectAll(place, { ...given, profiles: true });
  const found = await profilesOf(place);
  expect(found.map(({ from }) => from.toISOString())).toEqual([
    "2026-11-22T05:00:00.000Z",
    "2026-11-22T06:00:00.000Z",
  ]);
  for (const [hour, profile] of found.entries()) expectAllOf(profile, rows[hour] ?? []);
  const [all, second] = found;
  if (second !== undefined) all?.merge(second);
  expectAllOf(all, rows.flat());
});

test("what is stored with profiles is what is stored without, and DuckDB counts in it what they say", async () => {
  const place = await scratch();
  await collectAll(place, { profiles: true });
  const [first] = await profilesOf(place);
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    `SELECT count(*)::INT AS n, avg(distance) AS mean, stddev_samp(distance) AS deviation,
       count(DISTINCT distance)::INT AS different
     FROM read_parquet('${place.destination}/**/inference_hour=05/*.parquet')`,
  );
  const [told] = found.getRowObjects();
  connection.closeSync();
  const distance = first?.columns.get("distance");
  expect(first?.rows).toBe(told?.["n"]);
  expect(distance?.mean).toBeCloseTo(Number(told?.["mean"]), 10);
  expect(distance?.standardDeviation).toBeCloseTo(Number(told?.["deviation"]), 10);
  // Of more than 512 it is an estimate.
  expect(Math.abs((distance?.distinct ?? 0) / Number(told?.["different"]) - 1)).toBeLessThan(0.08);
});

test("rows are counted by a baseline's own edges and categories, so drift at no sampling is that of all rows", async () => {
  const place = await scratch();
  const path = join(place.folder, "baseline.json");
  writeFileSync(path, JSON.stringify(baseline));
  await collectAll(place, { samplingRate: 0, profiles: { baseline: path } });
  const [all, second] = await profilesOf(place);
  if (second !== undefined) all?.merge(second);
  const whole = baseline.profile({ from: new Date(hours[0]), to: new Date("2026-11-22T07:00:00Z") });
  const columns = ["distance", "origin", "gate"] as const;
  whole.add({
    length: 2 * perHour,
    columns: new Map(columns.map((name) => [name, rows.flat().map((row) => row[name])])),
  });
  for (const name of ["distance", "origin"]) {
    const [found, expected] = [all?.columns.get(name)?.counts, whole.columns.get(name)?.counts];
    expect(found).toEqual(expected);
    const before = baseline.columns.get(name)?.profile.counts;
    if (before === undefined || found === undefined || expected === undefined) throw new Error("no counts");
    expect(jensenShannonDistance(before, found)).toBe(jensenShannonDistance(before, expected));
  }
  expect(all?.columns.get("gate")?.counts).toBeUndefined();
});

test("what is redacted, by settings or by a collector, leaves no value in a profile, and none of before", async () => {
  const place = await scratch();
  const options = place.options({
    samplingRate: 0,
    profiles: true,
    redact: { dropped: "drop", masked: "mask" },
  });
  await using deployment = await openDeployment(options);
  const inputs = deployment.collector("model_inputs", { redact: { Cut: { truncate: 9 } } });
  for (let i = 0; i < 20; i++)
    inputs.collect([{ dropped: "secret-a", masked: "secret-b", cut: "secret-c of it", plain: "open" }]);
  await deployment.close();
  const [all] = await profilesOf(place);
  expect([...(all?.columns.keys() ?? [])].sort()).toEqual(["cut", "masked", "plain"]);
  expect(all?.columns.get("cut")?.distinct).toBe(1);
  expect(all?.columns.get("cut")?.frequent()).toEqual([]);
  expect(all?.columns.get("masked")?.max).toBeNull();
  expect(all?.columns.get("plain")?.frequent()).toEqual([["open", 20]]);
  expect(profileText(place)).not.toMatch(/secret|\*\*\*/);
});

test("a request that is kept after all is counted once, and so is one that waited in vain", async () => {
  const place = await scratch();
  await using deployment = await openDeployment(
    place.options({ samplingRate: 0, profiles: true, keep: [{ column: "distance", above: 90 }] }),
  );
  const inputs = deployment.collector("model_inputs");
  for (let i = 0; i < 100; i++) inputs.collect([{ distance: i }]);
  await deployment.flush();
  expect(deployment.stats().frames).toMatchObject({ sampledOut: 91, delivered: 9 });
  await deployment.close();
  const [all] = await profilesOf(place);
  expect(all?.rows).toBe(100);
  expect(all?.columns.get("distance")?.distinct).toBe(100);
});

test("values of every kind are profiled by their texts or numbers, and lists and objects not at all", async () => {
  const place = await scratch();
  await using deployment = await openDeployment(place.options({ samplingRate: 0, profiles: true }));
  const long = "x".repeat(10_000);
  const at = new Date("2026-11-22T05:00:00.123Z");
  deployment.collector("model_inputs").collect([
    {
      when: at,
      flag: true,
      big: 7n,
      bytes: new Uint8Array([1, 255]),
      list: [1],
      object: { a: 1 },
      text: long,
    },
    { when: null, flag: false, big: 9n, bytes: null, list: null, object: null, text: `${long}y` },
  ]);
  await deployment.close();
  const columns = (await profilesOf(place))[0]?.columns;
  expect([...(columns?.keys() ?? [])].sort()).toEqual(["big", "bytes", "flag", "text", "when"]);
  expect(columns?.get("when")?.frequent()).toEqual([["2026-11-22T05:00:00.123Z", 1]]);
  expect(columns?.get("when")?.nulls).toBe(1);
  expect(columns?.get("flag")?.frequent()).toEqual([
    ["false", 1],
    ["true", 1],
  ]);
  expect(columns?.get("big")?.mean).toBe(8);
  expect(columns?.get("bytes")?.min).toBe("01ff");
  expect(columns?.get("text")?.distinct).toBe(2);
  expect(profileText(place).length).toBeLessThan(10_000);
});

test("the variable says the same as the option, and a process without it stores no profile", async () => {
  const place = await scratch();
  const code = `
    import { Collector } from "model-data-collector";
    new Collector({ name: "model_inputs" }).collect([{ distance: 404 }]);
  `;
  await runScript(code, { env: { ...place.env, MDC_SAMPLING_RATE: "0" } });
  expect(profileText(place)).toBe("");
  const { stderr } = await runScript(code, {
    env: { ...place.env, MDC_SAMPLING_RATE: "0", MDC_PROFILES: "true" },
  });
  expect(stderr).toBe("");
  expect((await profilesOf(place))[0]?.columns.get("distance")?.mean).toBe(404);
});

test("a long text has one name in a baseline and in the profiles that are counted by it", async () => {
  const place = await scratch();
  const path = join(place.folder, "baseline.json");
  const texts = ["x".repeat(257), "x".repeat(256), `${"x".repeat(256)}y`];
  writeFileSync(path, JSON.stringify(Baseline.create({ ...baseline, columns: { note: texts } })));
  await using deployment = await openDeployment(place.options({ profiles: { baseline: path } }));
  deployment.collector("model_inputs").collect(texts.map((note) => ({ note })));
  await deployment.flush();
  const note = (await profilesOf(place))[0]?.columns.get("note");
  const counted = [...((note?.counts?.counts ?? new Map()) as Map<string, number>).values()];
  expect(counted).toEqual([1, 1, 1, 0]);
});

test("of codes that are numbers, NaN is none", async () => {
  const place = await scratch();
  const path = join(place.folder, "baseline.json");
  const columns = { gate: [1, 7, 1] };
  writeFileSync(
    path,
    JSON.stringify(Baseline.create({ ...baseline, columns, kinds: { gate: "categorical" } })),
  );
  await using deployment = await openDeployment(place.options({ profiles: { baseline: path } }));
  deployment.collector("model_inputs").collect([{ gate: 7 }, { gate: Number.NaN }, { gate: null }]);
  await deployment.flush();
  const gate = (await profilesOf(place))[0]?.columns.get("gate");
  expect([gate?.nans, gate?.nulls, gate?.frequent()]).toEqual([1, 1, [["7", 1]]]);
});

test("a baseline of a thousand columns is taken", async () => {
  const place = await scratch();
  const path = join(place.folder, "baseline.json");
  const values = Array.from({ length: 200 }, (_, i) => i);
  const columns = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`feature_${i}`, values]));
  const wide = Baseline.create({ ...baseline, columns });
  writeFileSync(path, JSON.stringify(wide));
  await using deployment = await openDeployment(place.options({ profiles: { baseline: path } }));
  const [counted] = deployment.config.profiles?.baselines ?? [];
  expect(Object.keys(counted?.columns ?? {})).toHaveLength(1000);
});

test("a baseline that is none is refused when the deployment is opened, by a message that says where", async () => {
  const place = await scratch();
  const path = join(place.folder, "baseline.json");
  const opened = (baselines: unknown): Promise<unknown> =>
    openDeployment(place.options({ profiles: { baseline: baselines } as DeploymentOptions["profiles"] }));
  await expect(opened(path)).rejects.toThrow(
    "openDeployment option profiles.baseline: expected the JSON of a baseline (Baseline.toJSON), got a file that cannot be read (ENOENT: no such file or directory)",
  );
  writeFileSync(path, '{"distance": "a secret"}');
  await expect(opened(path)).rejects.toThrow(
    /profiles\.baseline: expected the JSON of a baseline.*got others$/,
  );
  writeFileSync(path, JSON.stringify(baseline));
  await expect(opened([path, path])).rejects.toThrow(/one baseline for a collection, got two/);
});
