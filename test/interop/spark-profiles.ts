/**
 * The Spark job of `examples/spark` profiles collected rows, hour by hour: what it stores must be what the
 * collector has stored of the same rows, to the digit but for means and deviations (1e-9), and for quantiles,
 * whose ranks must be within their own bounds.
 */
import { cp, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Collector, CorrelationContext, openDeployment } from "model-data-collector";
import { Baseline, type CollectionProfile, type ColumnProfileJson } from "model-data-collector/monitor";
import { openDataset } from "model-data-collector/reader";
import { runNode } from "../support/child.ts";
import { root as packageRoot } from "../support/packed-project.ts";

/** Runs the job with arguments; throws if it fails. */
type RunJob = (args: readonly string[]) => Promise<void>;

type Row = Readonly<Record<string, unknown>>;

const collection = "model_inputs";
const hourMs = 3_600_000;
/** The last hours of a day, and the first of the next. */
const hours: readonly Date[] = [22, 23, 24].map((hour) => new Date(Date.UTC(2026, 10, 22) + hour * hourMs));
const rowsAnHour = 3_000;

/** Returns what is to be told; throws at a difference. */
export async function compareWithSpark(folder: string, runJob: RunJob): Promise<string> {
  const [root, other] = [join(folder, "spark-collected"), join(folder, "spark-profiled")];
  const file = join(folder, "spark-baseline.json");
  const rows = hours.map((_, hour) => Array.from({ length: rowsAnHour }, (_, i) => row(hour, i)));
  await writeFile(file, JSON.stringify(baselineOf(rows[0] ?? [])));
  await collect(root, file, rows);
  // The same data, as if the deployment had kept no profiles.
  await cp(root, other, { recursive: true, filter: (path) => basename(path) !== "_profile" });
  const place = ["--endpoint=flights", "--deployment=blue", `--collection=${collection}`];
  const days = ["--from=2026-11-22", "--to=2026-11-24"];
  await runJob([`--root=${other}`, ...place, ...days, `--baseline=${file}`]);

  const [own, spark] = [await profilesIn(root), await profilesIn(other)];
  if (own.length !== hours.length || spark.length !== own.length)
    throw new Error(`expected ${hours.length} hours, got ${own.length} and of Spark ${spark.length}`);
  let columns = 0;
  for (const [hour, mine] of own.entries()) {
    const theirs = spark[hour] as CollectionProfile;
    const where = mine.from.toISOString();
    equal(`${where} rows`, theirs.rows, mine.rows);
    equal(`${where} columns`, [...theirs.columns.keys()].sort(), [...mine.columns.keys()].sort());
    for (const [name, profile] of mine.columns) {
      const found = theirs.columns.get(name) as typeof profile;
      compare(`${where} ${name}`, found.toJSON(), profile.toJSON());
      if (profile.kind === "numerical")
        compareQuantiles(`${where} ${name}`, found, finiteOf(rows[hour] ?? [], name));
      columns++;
    }
  }
  equal("drift", await driftOf(other, file), await driftOf(root, file));
  return `${columns} profiles of columns in ${hours.length} hours are those of the collector`;
}

/** Of all types: with nulls, few and many values, and what is hard to write or to hash. */
function row(hour: number, i: number): Row {
  const n = hour * rowsAnHour + i;
  const strange = [Number.NaN, Infinity, -Infinity, 0, -0, 5e-324, 2 ** -1022, -1.7e150, 1e-7, 2 ** 53 + 2];
  const codes = [0, 1, 1.5, 1e21, 123456789012345680000, 1e-6, 1.25e-7, -0.001, 100, Number.NaN, -Infinity];
  const texts = [
    "",
    "0",
    "SEA",
    "é",
    "a🙂b",
    "\ud7ff",
    "\uffee",
    "NaN",
    "x".repeat(256),
    `${"long ".repeat(60)}${n % 7}`,
  ];
  return {
    distance: n % 13 === 0 ? null : ((n * 7919) % 1009) / 10 + (hour === 2 ? 40 : 0),
    tiny: ((n * 104_729) % 1000) * 1e-12 + 1,
    strange: strange[n % strange.length],
    seats: BigInt((n * 31) % 400) - 200n,
    big: 2n ** 60n + BigInt(n),
    gate: BigInt(n % 40),
    code: codes[n % codes.length],
    origin: texts[n % texts.length],
    tail: n % 11 === 0 ? null : `N${(n * 7919) % 1700}`,
    late: n % 3 === 0,
    departed: new Date(Date.UTC(2026, 10, 22) + (n % 90) * 61_001),
    raw: Uint8Array.of(n % 5, 255),
    tags: ["a"],
    details: { n },
    ...(hour === 1 ? { added: n } : {}),
  };
}

function baselineOf(rows: readonly Row[]): Baseline {
  const names = ["distance", "tiny", "seats", "gate", "code", "origin", "tail", "late"];
  const columns = Object.fromEntries(names.map((name) => [name, rows.map((one) => one[name])]));
  const [from, to] = hours as [Date, Date];
  const kinds = { gate: "categorical", code: "categorical", seats: "numerical" } as const;
  return Baseline.create({ collection, from, to, columns: columns as never, kinds });
}

async function collect(root: string, baseline: string, rows: readonly (readonly Row[])[]): Promise<void> {
  await using deployment = await openDeployment({
    endpoint: "flights",
    deployment: "blue",
    destination: root,
    spool: { directory: `${root}-spool` },
    profiles: { baseline },
    // However slow the machine is.
    limits: { maxCollectMs: 60_000 },
  });
  const inputs = new Collector<Row>({ name: collection, deployment, schema: { details: "json" } });
  for (const [hour, all] of rows.entries()) {
    for (let from = 0; from < all.length; from += 500) {
      const requestTime = new Date((hours[hour] as Date).getTime() + from);
      inputs.collect(all.slice(from, from + 500), CorrelationContext.create({ requestTime }));
    }
  }
  await deployment.flush();
}

async function profilesIn(root: string): Promise<readonly CollectionProfile[]> {
  const data = await openDataset(root);
  try {
    return await data.profiles({ collection });
  } finally {
    await data.close();
  }
}

/** What `mdc drift` says of each column, of all its windows, from what is stored of them. */
async function driftOf(root: string, baseline: string): Promise<unknown> {
  const args = ["drift", collection, "--read", "profiles", "--window", "1h", "--baseline", baseline];
  const main = join(packageRoot, "dist/cli/main.js");
  const { code, stdout, stderr } = await runNode([main, ...args, "--root", root, "--json"]);
  if (code !== 0 && code !== 1) throw new Error(`mdc drift ends with ${code}: ${stderr}`);
  const { collections } = JSON.parse(stdout) as { collections: readonly { features: readonly Row[] }[] };
  return collections[0]?.features.map(({ feature, metric, verdict }) => ({ feature, metric, verdict }));
}

function compare(where: string, found: ColumnProfileJson, expected: ColumnProfileJson): void {
  const { moments: foundMoments, quantiles: _, ...foundRest } = found;
  const { moments, quantiles: __, frequent, ...others } = expected;
  // Beyond 256 values the collector's own counts may be too low.
  const rest = frequent === undefined || frequent.maxError > 0 ? others : { ...others, frequent };
  for (const [key, value] of Object.entries(rest))
    equal(`${where} ${key}`, foundRest[key as keyof typeof rest], value);
  for (const key of ["count", "mean", "standardDeviation"] as const) {
    const [one, other] = [foundMoments?.[key], moments?.[key]];
    const isNear =
      one === other ||
      (typeof one === "number" &&
        typeof other === "number" &&
        Math.abs(one - other) <= 1e-9 * Math.abs(other));
    if (!isNear) throw new Error(`${where} ${key}: expected ${other}, got ${one}`);
  }
}

/** The rank of each quantile is as near as the profile says. */
function compareQuantiles(
  where: string,
  profile: { readonly quantile: (share: number) => number; readonly maxRankError: () => number },
  sorted: Float64Array,
): void {
  if (sorted.length === 0) return;
  // A row for what is no whole rank.
  const bound = profile.maxRankError() + 1 / sorted.length;
  for (let share = 0.01; share < 1; share += 0.01) {
    const value = profile.quantile(share);
    const below = sorted.findIndex((one) => one >= value) / sorted.length;
    const upTo = (sorted.findLastIndex((one) => one <= value) + 1) / sorted.length;
    if (!(below <= share + bound && upTo >= share - bound))
      throw new Error(`${where}: ${share} has the rank ${below} to ${upTo}, and may be ${bound} off`);
  }
}

function finiteOf(rows: readonly Row[], name: string): Float64Array {
  const numbers = rows
    .map((one) => one[name])
    .filter((value) => value != null)
    .map(Number);
  return Float64Array.from(numbers.filter(Number.isFinite)).sort();
}

function equal(where: string, found: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(found), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${where}: expected ${other?.slice(0, 500)}, got ${one?.slice(0, 500)}`);
}
