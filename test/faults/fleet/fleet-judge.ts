import { join } from "node:path";
import { type HourCompleteness, openDataset } from "model-data-collector/reader";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { completenessOf } from "../../../src/reader/completeness/completeness.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { frameId, rowsOfFrame } from "../frames.ts";
import type { WorkloadProcess } from "../workload.ts";
import { findFrames, type Found } from "./found.ts";
import { countsKey, noCounts, readTold, segmentOf, type ToldCounts, type ToldProcess } from "./told.ts";

/** A writer that is dead, and whether its volume was lost after it. */
export interface DeadWriter {
  readonly process: WorkloadProcess;
  /** False: it was ended by SIGTERM, and said so. */
  readonly wasKilled: boolean;
  readonly isVolumeLost: boolean;
}

/** What a writer wrote down of a collection and hour, and what is found of it; in frames, but for `rows`. */
interface Account {
  offered: number;
  leftOut: number;
  found: number;
  rows: number;
}

/** What was found in a fleet's destination, in frames of all collections together. */
export interface FleetVerdict {
  readonly offered: number;
  readonly acknowledged: number;
  readonly leftOut: number;
  readonly dropped: number;
  readonly stored: number;
  /** Acknowledged, neither left out nor stored, and never in a volume that was lost. Must be 0. */
  readonly lost: number;
  /** The same of writers whose volumes were lost. */
  readonly away: number;
  /** Offered, never acknowledged, and not stored: they died in memory. */
  readonly inMemory: number;
  readonly duplicated: number;
  readonly invented: number;
  readonly problems: readonly string[];
}

/**
 * Holds what is stored, and what the ledger tells of it, against what the writers wrote down. `root` has what
 * is stored, `place` is the deployment's folder in it.
 */
export async function judgeFleet(
  writers: readonly DeadWriter[],
  { root, place, collections }: { root: string; place: string; collections: readonly string[] },
): Promise<FleetVerdict> {
  const folder = join(root, place);
  const sums = { offered: 0, acknowledged: 0, leftOut: 0, dropped: 0, stored: 0 };
  const wrong = { lost: 0, away: 0, inMemory: 0, duplicated: 0, invented: 0 };
  const problems: string[] = [];
  const accounts = new Map(writers.map(({ process }) => [process.writer, new Map<string, Account>()]));
  const files = new Map<string, string>();
  const missing = new Map<DeadWriter, number>();
  for (const collection of collections) {
    const found = await findFrames(folder, collection);
    problems.push(...found.problems);
    for (const [file, writer] of found.writers) files.set(segmentOf(file), writer);
    sums.stored += found.frames.size;
    let known = 0;
    for (const writer of writers) {
      const { there, ...frames } = judgeFrames(
        writer,
        collection,
        found,
        accounts.get(writer.process.writer),
      );
      known += there;
      sums.offered += frames.offered;
      sums.acknowledged += frames.acknowledged;
      sums.leftOut += frames.leftOut;
      wrong.inMemory += frames.inMemory;
      missing.set(writer, (missing.get(writer) ?? 0) + frames.missing);
      wrong.duplicated += frames.duplicated;
      wrong.invented += frames.invented;
    }
    wrong.invented += found.frames.size - known;
  }
  const told = toldByWriter(readTold(folder), writers, files, problems);
  for (const writer of writers) {
    const { writer: name } = writer.process;
    const mine = told.get(name);
    let dropped = 0;
    for (const counts of mine?.counts.values() ?? []) dropped += counts.dropped;
    sums.dropped += dropped;
    // What was dropped, and told to be, is missing for a reason.
    wrong[writer.isVolumeLost ? "away" : "lost"] += Math.max(0, (missing.get(writer) ?? 0) - dropped);
    problems.push(...ledgerProblems(writer, mine, accounts.get(name) ?? new Map()));
  }
  const all = [...told.values()];
  const rest = sums.offered - sums.stored - sums.leftOut - sums.dropped - wrong.away - wrong.inMemory;
  if (rest !== 0) problems.push(`${rest} frames more were offered than are accounted for`);
  for (const [name, count] of Object.entries(wrong))
    if (count > 0 && name !== "away" && name !== "inMemory") problems.push(`${count} frames are ${name}`);
  problems.push(...(await hourProblems(root, all, [...accounts.values()])));
  problems.push(...(await nameProblems(root, writers)));
  return { ...sums, ...wrong, problems };
}

function judgeFrames(
  { process: { writer, journal: read } }: DeadWriter,
  collection: string,
  { frames }: Found,
  accounts: Map<string, Account> | undefined,
) {
  const journal = read();
  const { offered, acknowledged, leftOut } = journal;
  const of = {
    offered,
    acknowledged,
    leftOut: leftOut.size,
    missing: 0,
    inMemory: 0,
    duplicated: 0,
    invented: 0,
    there: 0,
  };
  let run = 0;
  for (let n = 0; n < offered; n++) {
    while ((journal.hours[run + 1]?.from ?? Infinity) <= n) run++;
    const hour = journal.hours[run]?.hour ?? 0;
    const key = countsKey(collection, hour);
    const account = accounts?.get(key) ?? { offered: 0, leftOut: 0, found: 0, rows: 0 };
    accounts?.set(key, account);
    account.offered++;
    if (leftOut.has(n)) account.leftOut++;
    const frame = frames.get(frameId(writer, n));
    if (frame === undefined) {
      if (!leftOut.has(n)) of[n < acknowledged ? "missing" : "inMemory"]++;
      continue;
    }
    of.there++;
    account.found++;
    account.rows += frame.rows;
    if (!frame.isOnce) of.duplicated++;
    else if (leftOut.has(n) || !frame.isRight || frame.rows !== rowsOfFrame(n) || frame.hour !== hour)
      of.invented++;
  }
  return of;
}

/** Who told what: by process id, or by a file with its frames, if it was dead before it told of itself. */
function toldByWriter(
  told: ReadonlyMap<string, ToldProcess>,
  writers: readonly DeadWriter[],
  files: ReadonlyMap<string, string>,
  problems: string[],
): ReadonlyMap<string, ToldProcess> {
  const byPid = new Map(writers.map(({ process }) => [process.process.pid, process.writer]));
  const byWriter = new Map<string, ToldProcess>();
  for (const [instance, process] of told) {
    const [segment = ""] = process.segments;
    const writer = process.pid === undefined ? files.get(segment) : byPid.get(process.pid);
    if (writer === undefined || byWriter.has(writer))
      problems.push(`instance ${instance} of the ledger is ${writer ?? "nobody"}, once more`);
    else byWriter.set(writer, process);
  }
  return byWriter;
}

/** What the ledger tells of one writer, against what is found of it and what it wrote down. */
function ledgerProblems(
  { process: { writer }, wasKilled, isVolumeLost }: DeadWriter,
  told: ToldProcess | undefined,
  accounts: ReadonlyMap<string, Account>,
): string[] {
  const problems: string[] = [];
  if (told?.hasEnded === wasKilled)
    problems.push(`${writer}: killed: ${wasKilled}, told to have ended: ${told.hasEnded}`);
  for (const key of new Set([...accounts.keys(), ...(told?.counts.keys() ?? [])])) {
    const { offered, leftOut, found, rows } = accounts.get(key) ?? {
      offered: 0,
      leftOut: 0,
      found: 0,
      rows: 0,
    };
    const counts = told?.counts.get(key) ?? noCounts();
    const { stored, storedRows, sampledOut, dropped } = counts;
    // What was told last may have been in the volume.
    const isStored = isVolumeLost
      ? stored <= found && storedRows <= rows
      : stored === found && storedRows === rows;
    const isOffered = wasKilled || isVolumeLost ? counts.offered <= offered : counts.offered === offered;
    // It may have died between leaving a frame out and writing that down.
    const isLeftOut = wasKilled || isVolumeLost ? sampledOut <= leftOut + 1 : sampledOut === leftOut;
    const isWhole = wasKilled || isVolumeLost || offered === found + leftOut + dropped;
    if (isStored && isOffered && isLeftOut && isWhole) continue;
    problems.push(
      `${writer}, ${key}: offered ${offered}, left out ${leftOut}, found ${found} in ${rows} rows, but told ${JSON.stringify(counts)}`,
    );
  }
  return problems;
}

/** What the reader says of each hour, against the ledger's lines and the rows that are there. */
async function hourProblems(
  root: string,
  told: readonly ToldProcess[],
  accounts: readonly ReadonlyMap<string, Account>[],
): Promise<string[]> {
  await using data = await openDataset(root);
  const hours = await data.completeness();
  const byHour = new Map(hours.map((hour) => [countsKey(hour.collection, hour.hour.getTime()), hour]));
  const keys = new Set([...accounts.flatMap((each) => [...each.keys()]), ...byHour.keys()]);
  return [...keys].flatMap((key) => {
    const counts = told.map((each) => each.counts.get(key) ?? noCounts());
    const sum = (of: (counts: ToldCounts) => number): number =>
      counts.reduce((total, each) => total + of(each), 0);
    const written = (of: (account: Account) => number): number =>
      accounts.reduce((total, each) => total + (each.has(key) ? of(each.get(key) as Account) : 0), 0);
    const ended = (each: ToldCounts): number => each.stored + each.sampledOut + each.dropped;
    const expected = {
      offered: sum((each) => Math.max(each.offered, ended(each))),
      sampledOut: sum(({ sampledOut }) => sampledOut),
      dropped: sum(({ dropped }) => dropped),
      stored: sum(({ stored }) => stored),
      storedRows: sum(({ storedRows }) => storedRows),
      foundRows: written(({ rows }) => rows),
      open: sum((each) => Math.max(0, each.offered - ended(each))),
    };
    const said = saidOf(byHour.get(key));
    const isTooMuch = expected.offered > written(({ offered }) => offered);
    return JSON.stringify(said) === JSON.stringify(expected) && !isTooMuch
      ? []
      : [`${key}: completeness says ${JSON.stringify(said)}, and it is ${JSON.stringify(expected)}`];
  });
}

function saidOf(hour: HourCompleteness | undefined) {
  if (hour === undefined) return undefined;
  const { offered, sampledOut, stored, storedRows, foundRows, pending, unaccounted } = hour;
  const dropped = Object.values(hour.dropped).reduce((total, frames) => total + frames, 0);
  return { offered, sampledOut, dropped, stored, storedRows, foundRows, open: pending + unaccounted };
}

const patienceMs = 2 * 3_600_000;

/** Whom the reader names as silent, when it has waited for long enough: who was killed, and nobody else. */
async function nameProblems(root: string, writers: readonly DeadWriter[]): Promise<string[]> {
  const catalog = createCatalog(createFolderStore({ root }), {});
  const hours = await completenessOf(catalog, {}, Date.now() + patienceMs);
  const silent = new Map(hours.flatMap((hour) => hour.silent.map((one) => [one.pid, one.recovered])));
  return writers.flatMap(({ process: { writer, process, journal }, wasKilled, isVolumeLost }) => {
    const isRecovered = silent.get(process.pid ?? 0);
    // One that left nothing in its spool has no heir, and is waited for. Of one with nothing there yet, or
    // whose volume is lost, there may be nobody who knows.
    const isKnown = wasKilled && !isVolumeLost && journal().reported > 0;
    if (isKnown && isRecovered === undefined) return [`${writer} was killed, and is not named`];
    if (!wasKilled && !isVolumeLost && isRecovered !== undefined)
      return [`${writer} ended well, and is named as silent`];
    return [];
  });
}
