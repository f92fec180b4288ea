import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  CorrelationContext,
  type Collector,
  type Deployment,
  type DeploymentPatch,
  openDeployment,
} from "model-data-collector";
import { disposableFolder } from "../support/temp-folder.ts";
import type { Outcome } from "./outcome.ts";

/** What a request of the run was decided under, as its caller saw it. */
interface Begun {
  readonly version: number;
  /** Of each pair of collections. */
  readonly rates: Readonly<Record<Pair, number>>;
}
type Pair = "a" | "b";

/** A stored frame, as DuckDB reads it. */
interface Stored {
  readonly collection: string;
  readonly id: string;
  readonly version: number;
  readonly rate: number;
  readonly isRaw: boolean;
}

const rates = [0, 0.1, 0.25, 0.5, 0.9, 1];
const policies = ["full", "hash", "metadata", "none"] as const;
const raw = "never stored as it is";
/** Between two changes of the file: it is read when it has been the same for two looks. */
const fileEveryMs = 1_200;

/**
 * So many changes of the configuration under load, from `update` and from a file. Of the pair `a` the rate is
 * the deployment's, which updates change; of `b` it is its own, which the file changes; `audit` has policies
 * and redaction changed. Outputs come some changes after their inputs.
 */
export async function configChanges(changes: number): Promise<Outcome> {
  await using folder = await disposableFolder();
  const [destination, configFile] = [join(folder.path, "data"), join(folder.path, "blue.mdc.yml")];
  let writtenAt = 0;
  let written = 0;
  const writeFile = (): void => {
    const rate = pick(rates, written++);
    const more = `b_inputs: { sampling_rate: ${rate} }, b_outputs: { sampling_rate: ${rate} }`;
    const text = `model_version: "${written}"\nredact: { secret: mask }\ncollections: { ${more} }\n`;
    writeFileSync(`${configFile}.new`, text);
    renameSync(`${configFile}.new`, configFile);
    writtenAt = performance.now();
  };
  writeFile();
  const deployment = await openDeployment({
    ...{ destination, configFile, onError: () => {} },
    spool: { directory: join(folder.path, "spool"), minFreeBytes: 0 },
    rotation: { maxAgeMs: 5_000 },
  });
  const load = new Load(deployment);
  const seen = new Set<string | null>();
  const endsAt = performance.now() + 60_000;
  for (let n = 0; n < changes || (seen.size < 2 && performance.now() < endsAt); ) {
    const before = deployment.config.version;
    deployment.update(patchOf(n));
    n += deployment.config.version - before;
    load.tick();
    seen.add(deployment.config.modelVersion);
    if (performance.now() - writtenAt > fileEveryMs) writeFile();
    // Every third change comes in the same turn as the one before.
    if (n % 3 !== 0) await sleep(1);
  }
  load.end();
  await deployment.flush();
  const { frames } = deployment.stats();
  const fired = deployment.config.version - 1;
  await deployment.close();
  const stored = await storedFrames(destination);
  const dropped = Object.values(frames.dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const balance = frames.sampledOut + frames.disabled + frames.delivered + dropped;
  const problems = [
    ...(balance === frames.offered && frames.offered === load.offered ? [] : ["the ledger does not balance"]),
    ...(frames.delivered === stored.length ? [] : [`${frames.delivered} delivered, ${stored.length} stored`]),
    ...(fired >= changes ? [] : [`${fired} changes of ${changes}`]),
    ...(seen.size > 1 ? [] : ["no change of the file was seen"]),
    ...problemsOf(load.begun, stored),
  ];
  return {
    ...{
      fault: `${changes} changes of the configuration`,
      injected: changes,
      fired,
      offered: frames.offered,
    },
    ...{ acknowledged: frames.delivered, lost: dropped, duplicated: 0, invented: 0 },
    figure: `${load.begun.size} requests; ${seen.size - 1} changes by the file`,
    problems,
  };
}

/** A patch that changes something of what the one before it has set. */
function patchOf(n: number): DeploymentPatch {
  const audit = {
    policy: pick(policies, n),
    redact: n % 2 === 0 ? { secret: "drop" as const } : { other: { truncate: n % 7 } },
  };
  const samplingRate = pick(rates, n);
  if (n % 5 === 4) return { samplingRate, limits: { maxStringBytes: 1_000 + n } };
  return { samplingRate, collections: { audit } };
}

function pick<T>(values: readonly T[], n: number): T {
  return values[n % values.length] as T;
}

/** A request whose outputs are to come. */
interface Open {
  readonly context: CorrelationContext;
  /** The turn in which they do. */
  readonly endsAt: number;
}

/** Requests that begin all the time, and end some turns later. */
class Load {
  readonly begun = new Map<string, Begun>();
  offered = 0;
  readonly #deployment: Deployment;
  readonly #collectors: ReadonlyMap<string, Collector>;
  readonly #open: Open[] = [];
  #turn = 0;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    const names = ["a_inputs", "a_outputs", "b_inputs", "b_outputs", "audit"];
    this.#collectors = new Map(names.map((name) => [name, deployment.collector(name)]));
  }

  tick(): void {
    this.#turn++;
    for (let i = 0; i < 4; i++) this.#begin(this.#turn + 1 + ((this.#turn + i) % 9));
    while ((this.#open[0]?.endsAt ?? Number.POSITIVE_INFINITY) <= this.#turn)
      this.#finish(this.#open.shift());
  }

  end(): void {
    for (const request of this.#open.splice(0)) this.#finish(request);
  }

  #begin(endsAt: number): void {
    const { version, samplingRate, collections } = this.#deployment.config;
    const context = CorrelationContext.create();
    const ownRate = collections.get("b_inputs")?.samplingRate ?? Number.NaN;
    this.begun.set(context.id, { version, rates: { a: samplingRate, b: ownRate } });
    for (const name of ["a_inputs", "b_inputs", "audit"]) this.#collect(name, context);
    this.#open.push({ context, endsAt });
  }

  #finish(request: Open | undefined): void {
    if (request === undefined) return;
    for (const name of ["a_outputs", "b_outputs"]) this.#collect(name, request.context);
  }

  #collect(name: string, context: CorrelationContext): void {
    this.offered++;
    this.#collectors.get(name)?.collect([{ n: this.offered, secret: raw }], context);
  }
}

const none: ReadonlySet<string> = new Set();

function problemsOf(begun: ReadonlyMap<string, Begun>, stored: readonly Stored[]): string[] {
  const problems = new Map<string, number>();
  const note = (problem: string): void => void problems.set(problem, (problems.get(problem) ?? 0) + 1);
  const kept = new Map<string, Set<string>>();
  for (const { collection, id, version, rate, isRaw } of stored) {
    const request = begun.get(id);
    if (isRaw) note(`${collection}: a value was stored raw`);
    if (request?.version !== version) note(`${collection}: stored under another version than it was taken`);
    const pair = collection === "audit" ? "a" : (collection.slice(0, 1) as Pair);
    if (request?.rates[pair] !== rate)
      note(`${collection}: stored with a rate that its version does not have`);
    const ids = kept.get(collection) ?? new Set<string>();
    if (ids.has(id)) note(`${collection}: stored twice`);
    kept.set(collection, ids.add(id));
  }
  for (const pair of ["a", "b"] as const) {
    const inputs = kept.get(`${pair}_inputs`) ?? none;
    const outputs = kept.get(`${pair}_outputs`) ?? none;
    const both = [...inputs].filter((id) => outputs.has(id)).length;
    const parted = inputs.size + outputs.size - 2 * both;
    if (parted > 0) problems.set(`pair ${pair}: inputs or outputs without the other`, parted);
    for (const problem of rateProblems(begun, pair, inputs)) note(problem);
  }
  return Array.from(problems, ([problem, count]) => `${problem} (${count} times)`);
}

/** Shares of what was kept that chance does not explain: of each version, and of all of one rate. */
function rateProblems(begun: ReadonlyMap<string, Begun>, pair: Pair, kept: ReadonlySet<string>): string[] {
  const groups = new Map<string, { readonly rate: number; offered: number; kept: number }>();
  for (const [id, { version, rates: of }] of begun) {
    const rate = of[pair];
    for (const key of [`version ${version}`, `rate ${rate}`]) {
      const group = groups.get(key) ?? { rate, offered: 0, kept: 0 };
      group.offered++;
      if (kept.has(id)) group.kept++;
      groups.set(key, group);
    }
  }
  return [...groups].flatMap(([key, group]) => {
    const bound = deviationBound(group.offered, group.rate);
    const off = Math.abs(group.kept - group.offered * group.rate);
    return off <= bound ? [] : [`pair ${pair}, ${key}: ${group.kept} of ${group.offered} kept`];
  });
}

/**
 * What a binomial count of `n` at `p` is away from its mean at most, but for one time in 10^9: Bernstein's
 * inequality, which holds for every `n`. Nothing at the rates 0 and 1.
 */
function deviationBound(n: number, p: number): number {
  const variance = n * p * (1 - p);
  if (variance === 0) return 0;
  const log = Math.log(2e9);
  return log / 3 + Math.sqrt((log / 3) ** 2 + 2 * log * variance);
}

async function storedFrames(destination: string): Promise<readonly Stored[]> {
  const names = readdirSync(destination, { recursive: true }).map(String);
  if (!names.some((name) => name.endsWith(".parquet"))) return [];
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const path = destination.replaceAll("'", "''");
    const reader = await connection.runAndReadAll(`
      SELECT mdc_collection AS collection, mdc_correlation_id AS id, mdc_config_version AS version,
        mdc_sampling_rate AS rate, coalesce(secret = '${raw}', false) AS isRaw
      FROM read_parquet('${path}/**/*.parquet', hive_partitioning = false, union_by_name = true)`);
    return reader.getRowObjects() as unknown as Stored[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
