import { ownJson } from "../base/own-json.ts";

/*
 * The stored ledger: what became of each frame, told by the processes that were offered them, as JSON lines.
 *
 *     {"kind":"process","instance":"<32 hex digits>","from":1,"to":9,"since":"…","at":"…","host":"…","pid":7}
 *     {"kind":"counts","instance":"<32 hex digits>","hour":"2026-11-22T05:00:00.000Z",
 *      "collection":"model_inputs","offered":[60,60],"sampledOut":[20,20],"delivered":[40,40,5120]}
 *
 * Counts are what was added since the line before, so that all lines of an instance, in whatever order and
 * whoever stored them, add up to what became of its frames.
 */

/** Frames and rows; of what was delivered also bytes, as the ledger counts them. */
export type Amount = readonly [frames: number, rows: number, bytes?: number];

/** What became of a segment whose process has died, by its id: told again, it is the same. */
export type Fates<T> = Readonly<Record<string, T>>;

/** A process tells that it is there. */
export interface ProcessEntry {
  readonly kind: "process";
  /** One life of a deployment in a process. */
  readonly instance: string;
  /** The first and the last of the numbered reports that this line stands for; from 1, none left out. */
  readonly from: number;
  readonly to: number;
  /** When its first frame was offered. */
  readonly since: string;
  /** When it told the last of these. */
  readonly at: string;
  readonly host: string;
  readonly pid: number;
  /** It has ended well, unless a later report follows. */
  readonly ended?: true;
  /** Another process found this in its spool, and stored it: it is gone. */
  readonly recovered?: true;
}

/** What was added to the counts of one instance, hour and collection. */
export interface CountsEntry {
  readonly kind: "counts";
  readonly instance: string;
  /** Start of the hour of the requests, or of the day where partitions are days. */
  readonly hour: string;
  /** Where partitions are days: the day. */
  readonly span?: "day";
  readonly collection: string;
  readonly offered?: Amount;
  readonly sampledOut?: Amount;
  readonly disabled?: Amount;
  /** Sampled out at first and stored after all: offered, and no longer sampled out. */
  readonly recalled?: Amount;
  /** By reason. */
  readonly dropped?: Fates<Amount>;
  readonly delivered?: Amount;
  /** Delivered for a process that has died, by segment: another one may tell the same. */
  readonly files?: Fates<Amount>;
  /** Dropped for such a process, by segment and record, with the reason. */
  readonly lost?: Fates<readonly [reason: string, ...Amount]>;
}

export type LedgerEntry = ProcessEntry | CountsEntry;

/** The entries as lines. */
export function writeEntries(entries: Iterable<LedgerEntry>): string {
  let text = "";
  for (const entry of entries) text += `${ownJson(entry)}\n`;
  return text;
}

/**
 * The entries of lines; those of a kind that this version does not know are left out. `onDamaged` is told the
 * number, from 1, of each line that nobody has written so.
 */
export function* parseEntries(
  text: string,
  onDamaged?: (line: number) => void,
): Generator<LedgerEntry, void, undefined> {
  for (const [i, line] of text.split("\n").entries()) {
    const entry = line === "" ? undefined : parsed(line);
    if (entry === "damaged") onDamaged?.(i + 1);
    else if (entry !== undefined) yield entry;
  }
}

function parsed(line: string): LedgerEntry | "damaged" | undefined {
  try {
    const entry = JSON.parse(line) as Partial<ProcessEntry | CountsEntry> | null;
    if (typeof entry?.kind !== "string" || typeof entry.instance !== "string") return "damaged";
    if (entry.kind === "process") return isProcess(entry) ? entry : "damaged";
    if (entry.kind !== "counts") return undefined;
    return isCounts(entry) ? entry : "damaged";
  } catch {
    return "damaged";
  }
}

function isProcess(entry: Partial<ProcessEntry>): entry is ProcessEntry {
  const { from, to, since, at, host } = entry;
  return (
    Number.isInteger(from) && Number.isInteger(to) && isTime(since) && isTime(at) && typeof host === "string"
  );
}

function isCounts(entry: Partial<CountsEntry>): entry is CountsEntry {
  const { hour, collection, offered, sampledOut, disabled, recalled, delivered, dropped, files, lost } =
    entry;
  if (!isTime(hour) || typeof collection !== "string") return false;
  const amounts = [offered, sampledOut, disabled, recalled, delivered].filter(
    (amount) => amount !== undefined,
  );
  const fates = [...valuesOf(dropped), ...valuesOf(files), ...valuesOf(lost).map((one) => one.slice(1))];
  return [...amounts, ...fates].every(isAmount);
}

function valuesOf<T>(fates: Fates<T> | undefined): readonly T[] {
  return Object.values(fates ?? {});
}

function isAmount(value: unknown): value is Amount {
  return Array.isArray(value) && value.length >= 2 && value.every((each) => Number.isSafeInteger(each));
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
