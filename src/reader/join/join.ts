import type { TimeRange } from "../../layout/partition.ts";
import type { Catalog } from "../catalog.ts";
import type { DataFile } from "../data-file.ts";
import { PinnedTypes } from "../lines/pinned-types.ts";
import { filesOf } from "../table.ts";
import { type BadFiles, createBadFiles, type UnreadableFile } from "../unreadable.ts";
import { type DeploymentFiles, DeploymentJoin } from "./deployment-join.ts";
import { exportJoin, type JoinFormat, joinFormat } from "./export-join.ts";
import { accountOf, type JoinAccount, type SideCollection, Tally } from "./join-account.ts";
import { type JoinOptions, joinPlan, type JoinPlan } from "./join-options.ts";
import type { JoinedRow } from "./joined-rows.ts";
import type { JoinLimits } from "./stretch-reader.ts";
import type { SideFile } from "./stretches.ts";

/** Inputs with their outputs, and what became of every row. */
export interface Join<Outputs extends string | readonly string[] = string> {
  /** What became of every row of inputs, outputs and labels. */
  readonly account: JoinAccount;
  /**
   * The rows that belong together, in the order of the inputs' files; those of a request whose rows are far
   * apart in time come last. Read anew each time, in bounded memory.
   */
  rows(): AsyncIterable<JoinedRow<Outputs>>;
  /**
   * The same rows as the bytes of one file, piece by piece. Its columns are `id`, `row_index`,
   * `request_time`, `endpoint`, `deployment`, then those of each side behind its name, `inputs_distance`,
   * `outputs_late`, `labels_late`; of several collections of outputs behind theirs.
   */
  export(options: { readonly format: JoinFormat }): AsyncIterable<Uint8Array>;
}

/** An hour, beyond either end of a range, in which the other half of a request is looked for. */
const marginMs = 3_600_000;

/** What a join takes unless a test says otherwise. */
const joinLimits: JoinLimits = {
  maxRows: 250_000,
  maxPlainRows: 8_000_000,
  maxBytes: 8 * 1024 * 1024,
  maxStrays: 100_000,
};

/** Joins collections of a catalog. */
export async function joinCollections<const Outputs extends string | readonly string[]>(
  catalog: Catalog,
  options: JoinOptions<Outputs>,
  limits: JoinLimits = joinLimits,
): Promise<Join<Outputs>> {
  const plan = joinPlan(options);
  const bad = new TellOnce(options.onUnreadable);
  const reading = { store: catalog.store, pins: new PinnedTypes(catalog.store), bad };
  const sides = sidesOf(plan);
  const joins: DeploymentJoin[] = [];
  const tallies: Tally[] = [];
  for (const files of await filesByDeployment(catalog, plan)) {
    const tally = new Tally(files.endpoint, files.deployment, sides);
    const join = new DeploymentJoin(plan, files, reading, limits);
    await join.count(tally);
    tallies.push(tally);
    joins.push(join);
  }
  bad.end();
  return {
    account: accountOf(sides, tallies),
    rows: () => rowsOf<Outputs>(joins, "date"),
    export: ({ format }) => exportJoin(catalog, plan, rowsOf<Outputs>(joins, "micros"), joinFormat(format)),
  };
}

async function* rowsOf<Outputs extends string | readonly string[]>(
  joins: readonly DeploymentJoin[],
  timestamps: "date" | "micros",
): AsyncGenerator<JoinedRow<Outputs>, void, undefined> {
  for (const join of joins) yield* join.rows(timestamps) as AsyncIterable<JoinedRow<Outputs>>;
}

function sidesOf({ inputs, outputs, labels }: JoinPlan): SideCollection[] {
  return [
    { side: "inputs", collection: inputs },
    ...outputs.map((collection) => ({ side: "outputs" as const, collection })),
    ...(labels === undefined ? [] : [{ side: "labels" as const, collection: labels }]),
  ];
}

/** What there is of one deployment. */
class FoundFiles implements DeploymentFiles {
  readonly endpoint: string;
  readonly deployment: string;
  readonly files: SideFile[] = [];
  readonly labelFiles: DataFile[] = [];

  constructor({ endpoint, deployment }: DataFile) {
    this.endpoint = endpoint;
    this.deployment = deployment;
  }
}

/** The files that may hold rows of the range, or of its requests, by deployment. */
async function filesByDeployment(catalog: Catalog, plan: JoinPlan): Promise<Iterable<FoundFiles>> {
  const { inputs, outputs, labels, range } = plan;
  const near: TimeRange = { from: range.from - marginMs, to: range.to + marginMs };
  const deployments = new Map<string, FoundFiles>();
  const filesFor = (file: DataFile): FoundFiles => {
    const name = `${file.endpoint}/${file.deployment}`;
    const files = deployments.get(name) ?? new FoundFiles(file);
    deployments.set(name, files);
    return files;
  };
  for (const [side, name] of [inputs, ...outputs].entries())
    for (const file of await filesOf(catalog, name, near)) filesFor(file).files.push({ side, file });
  if (labels === undefined) return deployments.values();
  // A business key may have been labelled long before; a label by id stands at its request, or when it came.
  const until = near.to + plan.lateness / 1_000;
  for await (const file of catalog.files({ range: { from: -Infinity, to: until }, collection: labels })) {
    const files = filesFor(file);
    files.labelFiles.push(file);
    if (file.end > near.from) files.files.push({ side: outputs.length + 1, file });
  }
  return deployments.values();
}

/** Bad files, each told once, though it is read more than once. */
class TellOnce implements BadFiles {
  readonly #bad: BadFiles;
  readonly #told = new Set<string>();

  constructor(tell: ((file: UnreadableFile) => void) | undefined) {
    this.#bad = createBadFiles(tell);
  }

  add(path: string, thrown: unknown): void {
    if (this.#told.has(path)) return;
    this.#bad.add(path, thrown);
    this.#told.add(path);
  }

  end(): void {
    this.#bad.end();
  }
}
