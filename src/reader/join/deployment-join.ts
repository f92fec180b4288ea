import { uuidTime } from "../../base/uuid-v7.ts";
import { isLabelKeyId } from "../../layout/ground-truth/label-key.ts";
import type { Span } from "../../layout/partition.ts";
import type { DataFile } from "../data-file.ts";
import { countRequest, keyLabelsOf } from "./count-rows.ts";
import type { Tally } from "./join-account.ts";
import type { JoinPlan } from "./join-options.ts";
import { columnsOfSide, type JoinedRow, JoinedRows } from "./joined-rows.ts";
import { KeyLabels } from "./key-labels.ts";
import type { KeyReading, KeyRows, KeyScan, StoreReading } from "./key-rows.ts";
import { KnownIds } from "./known-ids.ts";
import { matchRequest, type MatchRules } from "./match-request.ts";
import { addCounts, countTables, isMadeIn, type PlainCounts } from "./plain/count-tables.ts";
import { mergeRows } from "./plain/merge-rows.ts";
import { openGroups, type PlainGroups } from "./plain/plain-groups.ts";
import { readPlainRows } from "./plain/plain-rows.ts";
import { UuidRows } from "./plain/uuid-rows.ts";
import { maxTableSides } from "./plain/uuid-table.ts";
import { type JoinLimits, StretchReader } from "./stretch-reader.ts";
import { scansOf, type SideFile, spanOf, type Stretch } from "./stretches.ts";

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
  /** Those that may hold labels by business key. */
  readonly #labelFiles: readonly DataFile[];
  readonly #reading: StoreReading;
  readonly #reader: StretchReader;
  readonly #rules: MatchRules;
  readonly #limits: JoinLimits;
  /** Those that were read, by time. */
  readonly #stretches: Stretch[] = [];
  /** Ids that may have rows in more than one of them. */
  readonly #strays = new KnownIds();
  /** Where other ids were seen. */
  readonly #known = new KnownIds();
  /** The rows of a stretch that is counted by its UUIDs. */
  readonly #plain = new UuidRows();

  constructor(
    plan: JoinPlan,
    { files, labelFiles }: DeploymentFiles,
    reading: StoreReading,
    limits: JoinLimits,
  ) {
    const { from, to } = plan.range;
    const outputs = plan.outputs.length;
    this.#plan = plan;
    this.#limits = limits;
    this.#labelFiles = labelFiles;
    this.#reading = reading;
    this.#reader = new StretchReader(
      files,
      reading,
      limits,
      (id, side) => side <= outputs || !isLabelKeyId(id),
    );
    this.#rules = {
      outputs,
      by: plan.by,
      lateness: plan.lateness,
      isInRange: (time) => time >= from * 1_000 && time < to * 1_000,
    };
  }

  /** Counts all rows. */
  async count(tally: Tally): Promise<void> {
    const labels = await KeyLabels.read(this.#labelFiles, this.#reading, false);
    const columns = columnsToCount(labels);
    const planned = this.#reader.plan();
    const spans = planned.map(spanOf);
    for (const whole of planned) {
      if (await this.#countPlain(tally, whole, spans)) continue;
      for await (const { stretch, rows } of this.#reader.parts(whole, columns)) {
        this.#stretches.push(stretch);
        const span = spanOf(stretch);
        for (const group of rows.requests()) {
          const id = rows.ids[group[0] as number] as string;
          if (!isMadeIn(uuidTime(id), span)) this.#see(id, spans);
          countRequest(tally, rows, group, this.#rules, { labels, sign: 1 });
        }
      }
    }
    await this.#countStrays(tally, labels);
    labels.count(tally, this.#rules.outputs + 1, this.#rules);
  }

  /**
   * Counts a stretch by its UUIDs, and the few that are more than that by all that is known of them. False
   * when it has to be counted as any other.
   */
  async #countPlain(tally: Tally, stretch: Stretch, spans: readonly Span[]): Promise<boolean> {
    const { outputs, by } = this.#rules;
    if (this.#plan.labels !== undefined || by !== "row" || outputs + 1 > maxTableSides) return false;
    const plain = await openGroups(stretch.files, this.#reading.store, this.#rules);
    if (plain === undefined) return false;
    const found = await this.#countGroups(plain, spanOf(stretch));
    if (found === undefined) return false;
    const { odd, counts, far } = found;
    const labels = KeyLabels.none;
    const rows = odd.size === 0 ? undefined : await this.#reader.some(stretch, columnsToCount(labels), odd);
    if (rows === undefined && odd.size > 0) return false;
    this.#stretches.push({ ...stretch, rows: plain.rows });
    addCounts(tally, counts);
    for (const id of far) this.#see(id, spans);
    // They may be at several times of the stretch.
    for (const id of odd) this.#strays.see(id, 0);
    for (const group of rows?.requests() ?? [])
      countRequest(tally, rows as KeyRows, group, this.#rules, { labels, sign: 1 });
    return true;
  }

  async #countGroups(plain: PlainGroups, span: Span): Promise<PlainCounts | undefined> {
    const { maxPlainRows, maxStrays: maxOdd } = this.#limits;
    const merged = await mergeRows(plain, this.#rules, { maxOdd, span });
    if (merged !== undefined) return merged;
    if (plain.rows > maxPlainRows || !(await readPlainRows(plain, this.#rules, this.#plain)))
      return undefined;
    return countTables(this.#plain, this.#rules.outputs, maxOdd, span);
  }

  /**
   * Notes an id of the stretch that was read last. One that says it was made in that time needs no note: if
   * it is elsewhere, too, it is noted there.
   */
  #see(id: string, spans: readonly Span[]): void {
    const made = uuidTime(id);
    if (made !== undefined && isInSome(spans, made)) {
      this.#strays.see(id, 0);
      return;
    }
    const place = this.#stretches.length - 1;
    if (id !== "" && (this.#known.see(id, place) ?? place) !== place) this.#strays.see(id, 0);
  }

  /** Counts ids with rows in several stretches as one, and no longer as several. */
  async #countStrays(tally: Tally, labels: KeyLabels): Promise<void> {
    const stretches = this.#stretchesByFile();
    for await (const rows of this.#reader.everywhere(this.#strays, columnsToCount(labels)))
      for (const group of rows.requests()) {
        for (const part of apart(rows, group, stretches))
          countRequest(tally, rows, part, this.#rules, { labels, sign: -1 });
        countRequest(tally, rows, group, this.#rules, { labels, sign: 1 });
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

  /** All joined rows; what belongs together over a longer time comes last. */
  async *rows(timestamps: "date" | "micros"): AsyncGenerator<JoinedRow, void, undefined> {
    const labels = await KeyLabels.read(this.#labelFiles, this.#reading, true);
    const columns = this.#columnsToGive(labels);
    for (const stretch of this.#stretches)
      for await (const { rows } of this.#reader.parts(stretch, columns))
        yield* this.#joined(
          new JoinedRows(this.#plan, rows, timestamps),
          rows,
          labels,
          (id) => !this.#strays.has(id),
        );
    for await (const rows of this.#reader.everywhere(this.#strays, columns))
      yield* this.#joined(new JoinedRows(this.#plan, rows, timestamps), rows, labels, () => true);
  }

  *#joined(
    rows: JoinedRows,
    keys: KeyRows,
    labels: KeyLabels,
    isWanted: (id: string) => boolean,
  ): Generator<JoinedRow, void, undefined> {
    for (const group of keys.requests()) {
      if (!isWanted(keys.ids[group[0] as number] as string)) continue;
      for (const numbers of matchRequest(keys, group, this.#rules).joined)
        yield rows.row(numbers, keyLabelsOf(keys, numbers[0] as number, labels, this.#rules));
    }
  }

  #columnsToGive({ keys }: KeyLabels): KeyReading["columns"] {
    return (side) => {
      const columns = columnsOfSide(this.#plan, side);
      return side > 0 || typeof columns === "function" ? columns : [...new Set([...columns, ...keys.flat()])];
    };
  }
}

/** The columns of each side beside keys: those of business keys. */
function columnsToCount({ keys }: KeyLabels): KeyReading["columns"] {
  const names = [...new Set(keys.flat())];
  return (side) => (side === 0 ? names : []);
}

/** Whether a time is in one of some spans, which follow each other. */
function isInSome(spans: readonly Span[], time: number): boolean {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).end <= time) low = middle + 1;
    else high = middle;
  }
  return (spans[low]?.start ?? Infinity) <= time;
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
