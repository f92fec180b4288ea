import { overlaps, partitionSpan, type Span, type TimeRange } from "../../layout/partition.ts";
import type { CountsSum } from "../../layout/ledger-sums.ts";
import type { Catalog } from "../catalog.ts";
import { timeOption } from "../time-option.ts";
import { checkCallback, type UnreadableFile } from "../unreadable.ts";
import { readRemoved, type Removed } from "./removed-rows.ts";
import { readLedgers, type StoredLedger } from "./stored-ledger.ts";
import { findFiles, type FoundFiles, placeKey } from "./stored-rows.ts";
import type { SilentProcess } from "./told-processes.ts";
import { type Evidence, judge, type Verdict } from "./verdict.ts";

/** Options of `Dataset.completeness`. */
export interface CompletenessOptions {
  /** Only hours that end after this time: a Date, milliseconds since 1970 UTC, or an ISO 8601 text. */
  readonly from?: Date | number | string;
  /** Only hours that begin before this time. */
  readonly to?: Date | number | string;
  /**
   * Called with each data file whose bytes are bad, each object of the ledger of which lines are, and each
   * Delta log that cannot be used, which stands for its table; what the others tell counts. Default: only the
   * verdicts say so.
   */
  readonly onUnreadable?: (file: UnreadableFile) => void;
}

/**
 * What became of the frames of one collection and hour, by their requests' times; where partitions are days,
 * of a day. Frames are counted, if nothing else is said: `offered = sampledOut + disabled + sum(dropped) +
 * stored + pending + unaccounted`.
 */
export interface HourCompleteness {
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
  /** Start of the hour, or of the day. */
  readonly hour: Date;
  /** What `collect` was given, by all processes that have told of it. */
  readonly offered: number;
  readonly sampledOut: number;
  readonly disabled: number;
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Put into files. */
  readonly stored: number;
  /** In memory or in the spool of processes that have not told otherwise. */
  readonly pending: number;
  /**
   * Offered to processes that were killed, and not in what was found in their spools: at least these were
   * lost with them, or still wait in the spool of whoever has taken them over.
   */
  readonly unaccounted: number;
  /** Rows that were put into files. */
  readonly storedRows: number;
  /** Rows that are in files now; `null` for JSON lines, which are not read. */
  readonly foundRows: number | null;
  /** Rows that were stored, and taken away on purpose: purged or erased. */
  readonly removedRows: number;
  /** Processes that may have been offered more than is told of here. */
  readonly silent: readonly SilentProcess[];
  /**
   * Whether a ledger is kept of it. False of what others have written, and of what is older than the ledger:
   * then nobody can say what is missing, and that is no fault.
   */
  readonly hasLedger: boolean;
  /** `complete`: nothing is missing. See {@link Verdict} for the others. */
  readonly verdict: Verdict;
  /** Why it is not `complete`, for people. */
  readonly reasons: readonly string[];
}

/** What is told and found of one place. */
interface Place extends Pick<FoundFiles, "endpoint" | "deployment" | "collection" | "span"> {
  readonly ledger: StoredLedger | undefined;
  readonly counts: CountsSum[];
  readonly found: FoundFiles | undefined;
}

/** By endpoint, deployment, hour and collection. */
export async function completenessOf(
  catalog: Catalog,
  options: CompletenessOptions,
  now: number,
): Promise<HourCompleteness[]> {
  const range = {
    from: timeOption(options.from, "completeness: from") ?? -Infinity,
    to: timeOption(options.to, "completeness: to") ?? Infinity,
  };
  checkCallback(options.onUnreadable, "completeness");
  return (await hoursIn(catalog, range, now, options.onUnreadable)).map(({ told }) => told);
}

/** What is told of an hour or day, and when that is. */
export interface ToldHour {
  readonly span: Span;
  readonly told: HourCompleteness;
}

/** The same with the time that each covers. */
export async function hoursIn(
  catalog: Catalog,
  range: TimeRange,
  now: number,
  onUnreadable?: (file: UnreadableFile) => void,
): Promise<ToldHour[]> {
  const ledgers = await readLedgers(catalog, range.from, onUnreadable);
  const found = await findFiles(catalog, range, onUnreadable);
  const places = new Map<string, Place>();
  const ledgerOf = ({ endpoint, deployment }: FoundFiles): StoredLedger | undefined =>
    ledgers.find((each) => each.endpoint === endpoint && each.deployment === deployment);
  for (const [key, files] of found)
    places.set(key, { ...files, ledger: ledgerOf(files), counts: [], found: files });
  for (const ledger of ledgers) {
    const { endpoint, deployment } = ledger;
    for (const sum of ledger.counts) {
      const { collection } = sum;
      const span = spanOf(sum);
      if (!overlaps(span, range)) continue;
      const key = placeKey({ endpoint, deployment, collection, span });
      const place = places.get(key) ?? {
        endpoint,
        deployment,
        collection,
        span,
        ledger,
        counts: [],
        found: undefined,
      };
      places.set(key, place);
      place.counts.push(sum);
    }
  }
  const removed = await readRemoved(catalog.store, places.values());
  return [...places]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, place]) => ({ span: place.span, told: rowOf(place, removed.get(key), now) }));
}

function spanOf({ hour, span }: CountsSum): Span {
  return partitionSpan({ start: Date.parse(hour), rate: span ?? "hour" });
}

function rowOf(
  { endpoint, deployment, collection, span, ledger, counts, found }: Place,
  removed: Removed | undefined,
  now: number,
): HourCompleteness {
  const sums = {
    offered: 0,
    sampledOut: 0,
    disabled: 0,
    stored: 0,
    pending: 0,
    unaccounted: 0,
    storedRows: 0,
  };
  const dropped: Record<string, number> = {};
  for (const sum of counts) {
    const told = sum.sampledOut[0] + sum.disabled[0] + sum.delivered[0];
    let ended = told;
    for (const [reason, [frames]] of sum.dropped) {
      dropped[reason] = (dropped[reason] ?? 0) + frames;
      ended += frames;
    }
    // What was in the spool already when its process was killed can have been told of by its heir alone.
    const offered = Math.max(sum.offered[0], ended);
    const killed = ledger?.processes.get(sum.instance)?.wasKilled ?? true;
    sums.offered += offered;
    sums.sampledOut += sum.sampledOut[0];
    sums.disabled += sum.disabled[0];
    sums.stored += sum.delivered[0];
    sums.storedRows += sum.delivered[1];
    sums[killed ? "unaccounted" : "pending"] += offered - ended;
  }
  const silent: SilentProcess[] = [];
  let awaited = 0;
  let missing = 0;
  for (const process of ledger?.processes.values() ?? []) {
    const word = process.wordOf(span, now);
    if (word === "silent") silent.push(process.name);
    if (word === "awaited") awaited++;
    if (word !== "told" || counts.some(({ instance }) => instance === process.name.instance))
      missing += process.missing;
  }
  const nameless = counts.filter(({ instance }) => ledger?.processes.has(instance) !== true).length;
  const foundRows = found === undefined ? 0 : (found.rows ?? null);
  const unreadable = found?.unreadable ?? 0;
  const isPurged = removed?.isPurged ?? false;
  const erasedRows = [...(removed?.erased.values() ?? [])].reduce((sum, rows) => sum + rows, 0);
  const goneRows = Math.max(0, sums.storedRows - (foundRows ?? sums.storedRows));
  const removedRows = isPurged ? goneRows : Math.min(erasedRows, goneRows);
  const told = { ...sums, dropped, foundRows, silent };
  const evidence: Evidence = { ...told, erasedRows, isPurged, unreadable, awaited, missing, nameless };
  return {
    ...{ endpoint, deployment, collection, hour: new Date(span.start) },
    ...sums,
    ...{ dropped, foundRows, removedRows, silent },
    hasLedger: counts.length > 0 || (ledger !== undefined && ledger.since < span.end),
    ...judge(evidence, counts.length > 0),
  };
}
