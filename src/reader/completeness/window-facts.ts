import { told, wrongKind, wrongValue } from "../../base/errors.ts";
import { collectionKey } from "../../layout/collection-key.ts";
import type { LabelFacts, LedgerFacts, WindowFacts } from "../../layout/monitoring/window-facts.ts";
import { overlaps, type TimeRange } from "../../layout/partition.ts";
import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import type { Catalog } from "../catalog.ts";
import type { DataFile } from "../data-file.ts";
import { readFooterSummary } from "../footer-summary.ts";
import { labelAges } from "../ground-truth/labels.ts";
import { PinnedTypes } from "../lines/pinned-types.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { scanFile } from "../scan-file.ts";
import { filesOf } from "../table.ts";
import { rangeOption } from "../time-option.ts";
import { type HourCompleteness, hoursIn, type ToldHour } from "./completeness.ts";

/** Options of `Dataset.windowFacts`. */
export interface WindowFactsOptions {
  /** The collection's name; its case does not matter. */
  readonly collection: string;
  /** Spans of time, of requests; an end is not in its window. They may overlap. */
  readonly windows: readonly { readonly from: Date; readonly to: Date }[];
  /** Whether to look for ground truth, too, which reads all labels and the ids of requests. Default false. */
  readonly labels?: boolean;
}

const filesAtOnce = 16;
const requestTime = systemColumns.requestTime.name;
const rejected = systemColumns.rejected.name;

/**
 * What there is of a collection in each window, from footers and the stored ledger: rows themselves are read
 * only of files that a window cuts, and of JSON lines. Throws a `RangeError` when there is no such
 * collection.
 */
export async function readWindowFacts(
  catalog: Catalog,
  options: WindowFactsOptions,
  now: number,
): Promise<WindowFacts[]> {
  const { collection, labels } = options;
  const windows = rangesOf(options);
  if (windows.length === 0) return [];
  const range = {
    from: Math.min(...windows.map(({ from }) => from)),
    to: Math.max(...windows.map(({ to }) => to)),
  };
  const key = collectionKey(collection);
  const hours = (await hoursIn(catalog, range, now)).filter(
    ({ told }) => collectionKey(told.collection) === key,
  );
  // A collection of which all is sampled out has no file, and yet there is one: the ledger tells of it.
  const files =
    hours.length > 0 ? await filesIn(catalog, key, range) : await filesOf(catalog, collection, range);
  const sums = windows.map((window) => new RowsSum(window));
  const pins = new PinnedTypes(catalog.store);
  const contents = mapConcurrent(files, filesAtOnce, (file) => contentOf(catalog, file, sums, pins));
  for await (const add of contents) add();
  const facts: WindowFacts[] = [];
  for (const sum of sums) {
    const known = { collection, ...sum.result(), ledger: ledgerFacts(hours, sum.window) };
    facts.push(
      labels === true ? { ...known, labels: await labelFacts(catalog, collection, sum.window) } : known,
    );
  }
  return facts;
}

async function filesIn(catalog: Catalog, key: string, range: TimeRange): Promise<DataFile[]> {
  const files: DataFile[] = [];
  for await (const file of catalog.files({ range, collection: key })) files.push(file);
  return files.sort((a, b) => a.start - b.start);
}

function rangesOf({ collection, windows }: WindowFactsOptions): TimeRange[] {
  if (typeof collection !== "string")
    throw wrongKind("windowFacts: collection", "the name of a collection", collection);
  if (!Array.isArray(windows)) throw wrongKind("windowFacts: windows", "a list of windows", windows);
  return windows.map((window: { readonly from: unknown; readonly to: unknown }, i) => {
    const { from, to } = rangeOption(window, `windowFacts: windows[${i}]`);
    if (Number.isFinite(from) && Number.isFinite(to) && from < to) return { from, to };
    throw wrongValue(`windowFacts: windows[${i}]`, "a time and a later one", told("others"));
  });
}

async function labelFacts(catalog: Catalog, of: string, range: TimeRange): Promise<LabelFacts> {
  const { requests, curve } = await labelAges(catalog, { of, ...range });
  return { requests, labelled: curve.at(-1)?.labelled ?? 0 };
}

/** What a file has to say, to be added in the order of files. */
async function contentOf(
  catalog: Catalog,
  file: DataFile,
  sums: readonly RowsSum[],
  pins: PinnedTypes,
): Promise<() => void> {
  const asked = sums.filter(({ window }) => overlaps(file, window));
  const cut = asked.some(({ window: { from, to } }) => file.start < from || file.end > to);
  try {
    if (file.format === "parquet" && !cut) {
      const { rows, to, rejectedRows, columns } = await readFooterSummary(catalog.store, file);
      return () => {
        for (const sum of asked) sum.add({ rows, newest: to, rejectedRows, columns });
      };
    }
    return await readRows(catalog, file, asked, pins);
  } catch {
    return () => {
      for (const sum of asked) sum.unreadableFiles++;
    };
  }
}

async function readRows(
  catalog: Catalog,
  file: DataFile,
  asked: readonly RowsSum[],
  pins: PinnedTypes,
): Promise<() => void> {
  const summary = file.format === "parquet" ? await readFooterSummary(catalog.store, file) : undefined;
  const seen = new Map(summary?.columns.map(({ name, type }) => [name, type]));
  const parts = asked.map((sum) => ({ sum, rows: 0, newest: Number.NEGATIVE_INFINITY, rejectedRows: 0 }));
  const columns = summary === undefined ? {} : { columns: [requestTime, rejected] };
  for await (const batch of scanFile(catalog.store, file, { ...columns, pins })) {
    if (summary === undefined) for (const [name, type] of batch.types) seen.set(name, type);
    const [times, values] = [batch.columns.get(requestTime), batch.columns.get(rejected)];
    for (let row = 0; row < batch.length; row++) {
      const value = times?.[row];
      // Files of others may lack it.
      const time = value instanceof Date ? value.getTime() : file.start;
      for (const part of parts) {
        const { from, to } = part.sum.window;
        const whole = file.start >= from && file.end <= to;
        if (!whole && !(time >= from && time < to)) continue;
        part.rows++;
        // Records of JSON lines have no time of a request, but one of their own, which is later.
        part.newest = Math.max(part.newest, Math.min(time, file.end));
        if (values?.[row] != null) part.rejectedRows++;
      }
    }
  }
  const types = Array.from(seen, ([name, type]) => ({ name, type }));
  return () => {
    for (const { sum, ...part } of parts) if (part.rows > 0) sum.add({ ...part, columns: types });
  };
}

/** What files say of one window. */
class RowsSum {
  readonly window: TimeRange;
  readonly #types = new Map<string, Set<string>>();
  #rows = 0;
  #rejectedRows = 0;
  #newest = Number.NEGATIVE_INFINITY;
  unreadableFiles = 0;

  constructor(window: TimeRange) {
    this.window = window;
  }

  add(part: {
    readonly rows: number;
    readonly newest: number;
    readonly rejectedRows: number;
    readonly columns: readonly { readonly name: string; readonly type: string }[];
  }): void {
    this.#rows += part.rows;
    this.#rejectedRows += part.rejectedRows;
    if (part.rows > 0) this.#newest = Math.max(this.#newest, part.newest);
    for (const { name, type } of part.columns) {
      if (isSystemColumn(name)) continue;
      const types = this.#types.get(name);
      if (types === undefined) this.#types.set(name, new Set([type]));
      else types.add(type);
    }
  }

  result(): Omit<WindowFacts, "collection" | "ledger"> {
    const types = [...this.#types].map(([name, all]) => [name, [...all].sort().join(" | ")] as const);
    return {
      from: new Date(this.window.from),
      to: new Date(this.window.to),
      rows: this.#rows,
      newest: Number.isFinite(this.#newest) ? new Date(this.#newest) : null,
      columns: Object.fromEntries(types.sort(([a], [b]) => (a < b ? -1 : 1))),
      rejectedRows: this.#rejectedRows,
      unreadableFiles: this.unreadableFiles,
    };
  }
}

/** The hours of a window together; null if no ledger is kept of any. */
function ledgerFacts(all: readonly ToldHour[], window: TimeRange): LedgerFacts | null {
  const found = all.filter(({ span }) => overlaps(span, window)).map(({ told }) => told);
  const hours = found.filter(({ hasLedger }) => hasLedger);
  if (hours.length === 0) return null;
  const dropped: Record<string, number> = {};
  for (const hour of hours)
    for (const [reason, frames] of Object.entries(hour.dropped))
      dropped[reason] = (dropped[reason] ?? 0) + frames;
  const sum = (of: (hour: HourCompleteness) => number): number =>
    hours.reduce((total, hour) => total + of(hour), 0);
  const silent = hours.flatMap((hour) => hour.silent.filter(({ recovered }) => !recovered));
  return {
    hours: hours.length,
    otherHours: found.length - hours.length,
    unknownHours: sum(({ verdict }) => (verdict === "unknown" ? 1 : 0)),
    offered: sum(({ offered }) => offered),
    leftOut: sum(({ sampledOut, disabled }) => sampledOut + disabled),
    dropped,
    unaccounted: sum(({ unaccounted }) => unaccounted),
    pending: sum(({ pending }) => pending),
    storedRows: sum(({ storedRows }) => storedRows),
    goneRows: sum(({ storedRows, foundRows, removedRows }) =>
      Math.max(0, storedRows - removedRows - (foundRows ?? storedRows)),
    ),
    silentProcesses: new Set(silent.map(({ instance }) => instance)).size,
  };
}
