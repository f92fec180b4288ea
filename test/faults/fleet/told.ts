import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { filesUnder } from "../world.ts";

/** What the stored ledger tells of one process, collection and hour. */
export interface ToldCounts {
  offered: number;
  sampledOut: number;
  dropped: number;
  stored: number;
  storedRows: number;
}

/** What it tells of one process. */
export interface ToldProcess {
  /** Undefined if it was dead before it told of itself. */
  pid: number | undefined;
  hasEnded: boolean;
  /** By collection and start of the hour: see {@link countsKey}. */
  readonly counts: Map<string, ToldCounts>;
  /** Segments that others have stored for it. */
  readonly segments: Set<string>;
}

/** The key of a collection and hour, the latter in milliseconds since 1970 UTC. */
export function countsKey(collection: string, hour: number): string {
  return `${collection} ${new Date(hour).toISOString()}`;
}

type Amount = readonly [frames: number, rows: number];

/** A line of the ledger, as `src/layout/ledger-entry.ts` describes its format. */
interface Line {
  readonly kind: string;
  readonly instance: string;
  readonly pid?: number;
  readonly ended?: boolean;
  readonly hour: string;
  readonly collection: string;
  readonly offered?: Amount;
  readonly sampledOut?: Amount;
  readonly delivered?: Amount;
  readonly dropped?: Readonly<Record<string, Amount>>;
  readonly files?: Readonly<Record<string, Amount>>;
  readonly lost?: Readonly<Record<string, readonly [reason: string, ...Amount]>>;
}

/** Adds up the lines of a deployment's ledger, by instance, with no code of the product. */
export function readTold(deployment: string): ReadonlyMap<string, ToldProcess> {
  const told = new Map<string, ToldProcess>();
  const fates = new Set<string>();
  const lines = filesUnder(join(deployment, "_ledger"))
    .flatMap((path) => readFileSync(path, "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  for (const line of lines) {
    const process = told.get(line.instance) ?? newProcess();
    told.set(line.instance, process);
    if (line.kind === "process") {
      process.pid = line.pid;
      process.hasEnded ||= line.ended === true;
      continue;
    }
    const key = countsKey(line.collection, Date.parse(line.hour));
    const counts = process.counts.get(key) ?? noCounts();
    process.counts.set(key, counts);
    counts.offered += line.offered?.[0] ?? 0;
    counts.sampledOut += line.sampledOut?.[0] ?? 0;
    for (const [frames] of Object.values(line.dropped ?? {})) counts.dropped += frames;
    counts.stored += line.delivered?.[0] ?? 0;
    counts.storedRows += line.delivered?.[1] ?? 0;
    // Two who took the same over may both tell of it.
    for (const [segment, [frames, rows]] of Object.entries(line.files ?? {})) {
      process.segments.add(segment);
      if (fates.has(`${key} ${segment}`)) continue;
      fates.add(`${key} ${segment}`);
      counts.stored += frames;
      counts.storedRows += rows;
    }
    for (const [record, [, frames]] of Object.entries(line.lost ?? {})) {
      if (fates.has(`${key} ${record}`)) continue;
      fates.add(`${key} ${record}`);
      counts.dropped += frames;
    }
  }
  return told;
}

/** The segment that a file of this name was. */
export function segmentOf(file: string): string {
  return /-([0-9a-f]{32})\.parquet$/.exec(basename(file))?.[1] ?? file;
}

export function noCounts(): ToldCounts {
  return { offered: 0, sampledOut: 0, dropped: 0, stored: 0, storedRows: 0 };
}

function newProcess(): ToldProcess {
  return { pid: undefined, hasEnded: false, counts: new Map(), segments: new Set() };
}
