import { isLabelKeyId } from "../../layout/ground-truth/label-key.ts";
import type { DataFile } from "../data-file.ts";
import { readFooterSummary } from "../footer-summary.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { type Tally, verdict } from "./join-account.ts";
import type { JoinPlan } from "./join-options.ts";
import { columnsOfSide, type JoinedRow, JoinedRows } from "./joined-rows.ts";
import { type KeyLabel, KeyLabels } from "./key-labels.ts";
import { type KeyReading, type KeyRows, type KeyScan, readKeyRows, type StoreReading } from "./key-rows.ts";
import { KnownIds, shareOf } from "./known-ids.ts";
import { matchRequest, type MatchRules } from "./match-request.ts";
import {
  divideStretch,
  halveStretch,
  planStretches,
  scansOf,
  type SideFile,
  type Stretch,
} from "./stretches.ts";

/** How much is in memory at once. */
export interface JoinLimits {
  /** Rows of all sides. */
  readonly maxRows: number;
  /** Bytes of files that are read together before it is known how many rows they have. */
  readonly maxBytes: number;
  /** Ids that are looked up together where their rows are not in one stretch. */
  readonly maxStrays: number;
}

/** What a join takes unless a test says otherwise. */
export const joinLimits: JoinLimits = { maxRows: 400_000, maxBytes: 8 * 1024 * 1024, maxStrays: 100_000 };

const maxParts = 64;
const footersAtOnce = 16;

type StretchScan = KeyScan & { readonly stretch: Stretch };
type StretchesByFile = ReadonlyMap<string, readonly StretchScan[]>;

/** The files of one deployment. */
export interface DeploymentFiles {
  readonly files: readonly SideFile[];
  /** Those that may hold labels by business key. */
  readonly labelFiles: readonly DataFile[];
}

/** The join of one deployment's collections. */
export class DeploymentJoin {
  readonly #plan: JoinPlan;
  readonly #files: readonly SideFile[];
  /** Those that may hold labels by business key. */
  readonly #labelFiles: readonly DataFile[];
  readonly #reading: StoreReading;
  readonly #rules: MatchRules;
  readonly #limits: JoinLimits;
  /** Those that were read, by time. */
  readonly #stretches: Stretch[] = [];
  /** Ids with rows in more than one of them. */
  readonly #strays = new KnownIds();

  constructor(
    plan: JoinPlan,
    { files, labelFiles }: DeploymentFiles,
    reading: StoreReading,
    limits: JoinLimits,
  ) {
    const { from, to } = plan.range;
    this.#plan = plan;
    this.#limits = limits;
    this.#files = files;
    this.#labelFiles = labelFiles;
    this.#reading = reading;
    this.#rules = {
      outputs: plan.outputs.length,
      by: plan.by,
      lateness: plan.lateness,
      isInRange: (time) => time >= from * 1_000 && time < to * 1_000,
    };
  }

  /** Counts all rows. */
  async count(tally: Tally): Promise<void> {
    const labels = await KeyLabels.read(this.#labelFiles, this.#reading, false);
    const columns = this.#columnsToCount(labels);
    const known = new KnownIds();
    const left = planStretches(this.#files, this.#limits.maxBytes).toReversed();
    for (let stretch = left.pop(); stretch !== undefined; stretch = left.pop()) {
      const { rows: keys, isWhole } = await this.#read(stretch, columns);
      if (!isWhole) {
        left.push(...(await this.#parts(stretch, keys)).toReversed());
        continue;
      }
      const place = this.#stretches.push(stretch) - 1;
      for (const group of keys.requests()) {
        const id = keys.ids[group[0] as number] as string;
        if (id !== "" && (known.see(id, place) ?? place) !== place) this.#strays.see(id, 0);
        countRequest(tally, keys, group, this.#rules, { labels, sign: 1 });
      }
    }
    const stretches = this.#stretchesByFile();
    for await (const keys of this.#strayRows(columns))
      for (const group of keys.requests()) {
        for (const part of apart(keys, group, stretches))
          countRequest(tally, keys, part, this.#rules, { labels, sign: -1 });
        countRequest(tally, keys, group, this.#rules, { labels, sign: 1 });
      }
    labels.count(tally, this.#rules.outputs + 1, this.#rules);
  }

  /** All joined rows; what belongs together over a longer time comes last. */
  async *rows(): AsyncGenerator<JoinedRow, void, undefined> {
    const labels = await KeyLabels.read(this.#labelFiles, this.#reading, true);
    const columns = this.#columnsToGive(labels);
    for (const stretch of this.#stretches) {
      const { rows } = await this.#read(stretch, columns);
      yield* this.#joined(rows, labels, (id) => !this.#strays.has(id));
    }
    for await (const keys of this.#strayRows(columns)) yield* this.#joined(keys, labels, () => true);
  }

  *#joined(
    keys: KeyRows,
    labels: KeyLabels,
    isWanted: (id: string) => boolean,
  ): Generator<JoinedRow, void, undefined> {
    const rows = new JoinedRows(this.#plan, keys);
    for (const group of keys.requests()) {
      if (!isWanted(keys.ids[group[0] as number] as string)) continue;
      for (const numbers of matchRequest(keys, group, this.#rules).joined)
        yield rows.row(numbers, keyLabelsOf(keys, numbers[0] as number, labels, this.#rules));
    }
  }

  /** The columns of each side beside keys: those of business keys. */
  #columnsToCount({ keys }: KeyLabels): KeyReading["columns"] {
    const names = [...new Set(keys.flat())];
    return (side) => (side === 0 ? names : []);
  }

  #columnsToGive({ keys }: KeyLabels): KeyReading["columns"] {
    return (side) => {
      const columns = columnsOfSide(this.#plan, side);
      return side > 0 || typeof columns === "function" ? columns : [...new Set([...columns, ...keys.flat()])];
    };
  }

  /** The rows of a stretch. */
  #read(
    { share, isLeast, ...stretch }: Stretch,
    columns: KeyReading["columns"],
  ): ReturnType<typeof readKeyRows> {
    const { part, of } = share;
    return readKeyRows(scansOf(stretch), {
      ...this.#reading,
      columns,
      isWanted: (id, side) => !this.#isKeyLabel(id, side) && (of === 1 || shareOf(id, of) === part),
      maxRows: isLeast ? Infinity : this.#limits.maxRows,
    });
  }

  #isKeyLabel(id: string, side: number): boolean {
    return side > this.#rules.outputs && isLabelKeyId(id);
  }

  /** The rows of ids that are in more than one stretch, some ids at a time. */
  async *#strayRows(columns: KeyReading["columns"]): AsyncGenerator<KeyRows, void, undefined> {
    const shares = Math.ceil(this.#strays.size / this.#limits.maxStrays);
    for (let share = 0; share < shares; share++) {
      const { rows } = await readKeyRows(
        this.#files.map(({ side, file }) => ({ side, file, from: -Infinity, to: Infinity })),
        {
          ...this.#reading,
          columns,
          isWanted: (id, side) =>
            !this.#isKeyLabel(id, side) && shareOf(id, shares) === share && this.#strays.has(id),
          maxRows: Infinity,
        },
      );
      yield rows;
    }
  }

  /** The stretches that a row may be of, by the path of its file. */
  #stretchesByFile(): StretchesByFile {
    const byFile = new Map<string, StretchScan[]>();
    for (const stretch of this.#stretches)
      for (const scan of scansOf(stretch)) {
        const scans = byFile.get(scan.file.path) ?? [];
        scans.push({ ...scan, stretch });
        byFile.set(scan.file.path, scans);
      }
    return byFile;
  }

  /** A stretch with too many rows, of which these were read, in parts. */
  async #parts(stretch: Stretch, { requestTimes }: KeyRows): Promise<Stretch[]> {
    if (stretch.from === -Infinity && stretch.to === Infinity && stretch.share.of === 1) {
      const parts = Math.ceil(((await this.#footerRows(stretch)) * 1.5) / this.#limits.maxRows);
      if (parts > 2) return divideStretch(stretch, Math.min(maxParts, parts));
    }
    const times = requestTimes.toSorted((a, b) => a - b);
    const middle = Math.floor((times[times.length >> 1] ?? 0) / 1_000);
    return halveStretch(stretch, middle) ?? [{ ...stretch, isLeast: true }];
  }

  /** How many rows the footers of a stretch's files tell of. */
  async #footerRows({ files }: Stretch): Promise<number> {
    let rows = 0;
    const counts = mapConcurrent(files, footersAtOnce, async ({ file }) => {
      if (file.format !== "parquet") return 0;
      return await readFooterSummary(this.#reading.store, file).then(
        (footer) => footer.rows,
        // A bad file is told of where its rows are read.
        () => 0,
      );
    });
    for await (const count of counts) rows += count;
    return rows;
  }
}

/** The rows of one id by the stretch in which they were read. */
function apart(
  { files, requestTimes }: KeyRows,
  group: readonly number[],
  stretches: StretchesByFile,
): Iterable<number[]> {
  const parts = new Map<Stretch | undefined, number[]>();
  for (const row of group) {
    const time = (requestTimes[row] ?? 0) / 1_000;
    const scans = stretches.get(files[row]?.path ?? "") ?? [];
    const scan = scans.find(({ from, to }) => time >= from && time < to);
    parts.set(scan?.stretch, [...(parts.get(scan?.stretch) ?? []), row]);
  }
  return parts.values();
}

function countRequest(
  tally: Tally,
  keys: KeyRows,
  group: readonly number[],
  rules: MatchRules,
  { labels, sign }: { readonly labels: KeyLabels; readonly sign: number },
): void {
  const { joined, unequal } = matchRequest(keys, group, rules);
  tally.unequal += sign * unequal;
  tally.matched += sign * joined.length;
  for (const row of group)
    tally.add(
      keys.sides[row] as number,
      keys.requestTimes[row] as number,
      keys.verdicts[row] as number,
      sign,
    );
  const labelled = new Set<number>();
  if (labels.keys.length > 0)
    for (const row of group)
      if (isInput(keys, row) && keyLabelsOf(keys, row, labels, rules).length > 0) labelled.add(row);
  for (const numbers of joined)
    if (numbers.at(-1) !== -1 || labelled.has(numbers[0] as number)) tally.labelled += sign;
}

/** A row of inputs that is there for the first time. */
function isInput({ sides, verdicts }: KeyRows, row: number): boolean {
  return sides[row] === 0 && verdicts[row] !== verdict.duplicate;
}

function keyLabelsOf(keys: KeyRows, row: number, labels: KeyLabels, rules: MatchRules): KeyLabel[] {
  if (labels.keys.length === 0) return [];
  const batch = keys.batches[row];
  const place = keys.places[row] ?? 0;
  return labels.of((name) => batch?.columns.get(name)?.[place], keys.requestTimes[row] as number, rules);
}
