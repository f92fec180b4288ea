import { existsSync, readdirSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import type { DeploymentStats, DeploymentStatus } from "model-data-collector";
import { frameId, rowsOfFrame } from "../faults/frames.ts";

/*
 * Decides, from what processes wrote down and what is stored, whether the promises were kept. What is stored
 * is read with DuckDB, so that a mistake which our writer and our reader share would show.
 */

/** What one process wrote down; see `collecting-process.ts`. */
export interface Journal {
  readonly writer: string;
  /** Frames 0 to `offered - 1` were offered; of the last one the process may not have come back. */
  readonly offered: number;
  /** Frames 0 to `acknowledged - 1` were acknowledged. */
  readonly acknowledged: number;
  /** Frames that sampling left out. */
  readonly leftOut: ReadonlySet<number>;
  /** From which frame on requests were of which hour: its start, milliseconds since 1970 UTC. */
  readonly hours: readonly { readonly from: number; readonly hour: number }[];
  /** So many frames were reported as spooled or delivered. */
  readonly reported: number;
  /** Frames that a flush said to be at the destination: the first so many. */
  readonly flushed: number;
  /** How many segments were sealed before it gave the event loop back for the first time. */
  readonly sealedWhileBusy: number;
  /** How many background threads died that were to. */
  readonly deaths: number;
  /** How often its credential was asked for a token, by what it then did. */
  readonly tokens: ReadonlyMap<string, number>;
  /** Name of the step at which it killed itself, if that was its task; see `preload/crash.ts`. */
  readonly killedAt: string | undefined;
  /** Names of the steps that it passed, if it was to note them. */
  readonly steps: readonly string[];
  /** What `onError` was told. */
  readonly errors: readonly ErrorNote[];
  /** What it said last, if it came to that. */
  readonly last: LastWord | undefined;
}

export interface ErrorNote {
  readonly code: string;
  readonly reason: string;
  readonly collection: string | null;
  readonly occurrences: number;
  readonly frames: number;
  readonly message: string;
}

export interface LastWord {
  readonly offered: number;
  readonly stats: DeploymentStats;
  readonly status: DeploymentStatus;
  readonly report?: { readonly delivered: number; readonly leftInSpool: number; readonly dropped: number };
}

/** Reads a journal; a last line that was cut short is left out. */
export function readJournal(writer: string, text: string): Journal {
  let offered = 0;
  let acknowledged = 0;
  let reported = 0;
  let flushed = 0;
  let sealedWhileBusy = 0;
  let deaths = 0;
  let killedAt: string | undefined;
  let last: LastWord | undefined;
  const leftOut = new Set<number>();
  const hours: { readonly from: number; readonly hour: number }[] = [];
  const steps: string[] = [];
  const tokens = new Map<string, number>();
  const errors: ErrorNote[] = [];
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    const rest = line.slice(2);
    if (line.startsWith("o ")) offered = Number(rest) + 1;
    else if (line.startsWith("a ")) acknowledged = Math.max(acknowledged, Number(rest) + 1);
    else if (line.startsWith("l ")) leftOut.add(Number(rest));
    else if (line.startsWith("h ")) hours.push({ from: offered, hour: Number(rest) });
    else if (line.startsWith("s ")) reported = Number(rest);
    else if (line.startsWith("f ")) flushed = Number(rest) + 1;
    else if (line.startsWith("b ")) sealedWhileBusy = Number(rest);
    else if (line.startsWith("d ")) deaths++;
    else if (line.startsWith("k ")) killedAt = rest;
    else if (line.startsWith("g ")) tokens.set(rest, (tokens.get(rest) ?? 0) + 1);
    else if (line.startsWith("t ")) steps.push(rest);
    else if (line.startsWith("x ")) errors.push(JSON.parse(rest) as ErrorNote);
    else if (line.startsWith("e ")) last = JSON.parse(rest) as LastWord;
  }
  return {
    ...{ writer, offered, acknowledged, reported, flushed, sealedWhileBusy, deaths },
    ...{ leftOut, hours, tokens, killedAt, steps, errors, last },
  };
}

/** What is stored under one correlation id. */
interface StoredFrame {
  readonly id: string;
  readonly rows: number;
  /** Different row numbers. */
  readonly places: number;
  /** Different event ids. */
  readonly events: number;
  /** Rows whose content is not what follows from the id. */
  readonly wrong: number;
}

/**
 * Everything stored in a folder, by correlation id. Every file that is visible must be whole, or this
 * rejects.
 */
export async function readStored(folder: string): Promise<ReadonlyMap<string, StoredFrame>> {
  const stored = new Map<string, StoredFrame>();
  const source = sourceIn(folder);
  if (source === undefined) return stored;
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET threads = 1");
    const reader = await connection.runAndReadAll(`
      SELECT id, count(*)::INT AS rows, count(DISTINCT place)::INT AS places, count(DISTINCT event)::INT AS events,
        count(*) FILTER (
          text IS DISTINCT FROM md5(id || '/' || place)
          OR value IS DISTINCT FROM split_part(id, ':', -1)::DOUBLE * 4 + place
          OR padding IS DISTINCT FROM repeat(text, length(padding) // 32)
        )::INT AS wrong
      FROM (${source}) GROUP BY id`);
    for (const row of reader.getRowObjects()) {
      const frame = row as unknown as StoredFrame;
      stored.set(frame.id, frame);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
  return stored;
}

/** A query that gives each row stored there: its frame, its place in it, its event, and its content. */
function sourceIn(folder: string): string | undefined {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : [];
  const path = folder.replaceAll("'", "''");
  if (names.some((name) => name.endsWith(".parquet"))) {
    return `SELECT mdc_correlation_id AS id, mdc_row_index AS place, mdc_event_id AS event, text, value, padding
      FROM read_parquet('${path}/**/*.parquet', hive_partitioning = false, union_by_name = true)`;
  }
  if (names.some((name) => name.endsWith(".jsonl"))) {
    // A record a frame; its rows are the elements of `data`.
    return `SELECT id, event, place - 1 AS place, data[place].text AS text, data[place].value AS value,
        data[place].padding AS padding
      FROM (
        SELECT correlationid AS id, id AS event, data, unnest(range(1, len(data) + 1)) AS place
        FROM read_json('${path}/**/*.jsonl', format = 'newline_delimited', columns = {
          correlationid: 'VARCHAR', id: 'VARCHAR', data: 'STRUCT("text" VARCHAR, "value" DOUBLE, padding VARCHAR)[]'
        })
      )`;
  }
  return undefined;
}

/** What the oracle found. */
export interface Verdict {
  readonly offered: number;
  readonly acknowledged: number;
  readonly stored: number;
  /** Frames that their process counted as dropped. */
  readonly dropped: number;
  /** Acknowledged, not stored, and not counted as dropped. Must be 0. */
  readonly lost: number;
  /** Stored more than once, in whole or in part. Must be 0. */
  readonly duplicated: number;
  /** Stored, though nobody offered it, or with another content. Must be 0. */
  readonly invented: number;
  /** Of each process: offered, never acknowledged, and not stored. */
  readonly windows: readonly number[];
  /** The same, of those only that had something reported as spooled: their background thread was up. */
  readonly steadyWindows: readonly number[];
  /** Everything that is not as promised, in words; empty when all is well. */
  readonly problems: readonly string[];
}

/** Compares what was written down with what is stored, after the spool was drained. */
export function judge(journals: readonly Journal[], stored: ReadonlyMap<string, StoredFrame>): Verdict {
  const problems: string[] = [];
  const windows: number[] = [];
  const steadyWindows: number[] = [];
  const known = new Set<string>();
  let lost = 0;
  let dropped = 0;
  let duplicated = 0;
  let invented = 0;
  for (const journal of journals) {
    const { writer, offered, acknowledged, reported, last } = journal;
    let there = 0;
    let missingAcknowledged = 0;
    let window = 0;
    for (let n = 0; n < offered; n++) {
      const id = frameId(writer, n);
      known.add(id);
      const frame = stored.get(id);
      if (frame === undefined || frame.places < rowsOfFrame(n)) {
        if (n < acknowledged) missingAcknowledged++;
        else window++;
        if (frame !== undefined) problems.push(`${id}: only ${frame.places} of its rows are stored`);
        continue;
      }
      there++;
      if (frame.events > 1 || frame.rows > frame.places) duplicated++;
      else if (frame.rows !== rowsOfFrame(n) || frame.wrong > 0) invented++;
    }
    const counted = last === undefined ? 0 : droppedFrames(last.stats);
    dropped += counted;
    lost += Math.max(0, missingAcknowledged - counted);
    windows.push(window);
    if (reported > 0) steadyWindows.push(window);
    if (reported > there) problems.push(`${writer}: ${reported} frames reported as spooled, ${there} stored`);
    if (last !== undefined) problems.push(...accountProblems(journal, last, there));
  }
  for (const id of stored.keys()) if (!known.has(id)) invented++;
  const sum = (pick: (journal: Journal) => number): number =>
    journals.reduce((total, journal) => total + pick(journal), 0);
  if (lost > 0) problems.push(`${lost} acknowledged frames are lost`);
  if (duplicated > 0) problems.push(`${duplicated} frames are stored twice`);
  if (invented > 0) problems.push(`${invented} frames are stored that nobody offered`);
  return {
    offered: sum(({ offered }) => offered),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    stored: stored.size,
    dropped,
    lost,
    duplicated,
    invented,
    windows,
    steadyWindows,
    problems,
  };
}

/** A process that could say a last word has accounted for every frame. */
function accountProblems({ writer, offered }: Journal, { stats }: LastWord, there: number): string[] {
  const problems = Object.entries(stats).flatMap(([unit, entry]: [string, DeploymentStats["frames"]]) => {
    const { sampledOut, disabled, delivered, spooled, buffered, dropped } = entry;
    const accounts = [sampledOut, disabled, delivered, spooled, buffered, ...Object.values(dropped)];
    const total = accounts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
    const negative = accounts.some((count) => (count ?? 0) < 0)
      ? [`${writer}: a negative account in ${unit}`]
      : [];
    return total === entry.offered
      ? negative
      : [`${writer}: ${unit} do not balance: ${JSON.stringify(entry)}`];
  });
  if (stats.frames.offered !== offered) {
    problems.push(`${writer}: ${stats.frames.offered} frames counted as offered, ${offered} were`);
  }
  const missing = offered - there;
  const dropped = droppedFrames(stats);
  // What was in memory at the last word may have been saved in the process's last moment.
  if (missing < dropped || missing > dropped + stats.frames.buffered) {
    problems.push(
      `${writer}: ${missing} frames are not stored; ${dropped} counted as dropped, ${stats.frames.buffered} as in memory`,
    );
  }
  return problems;
}

function droppedFrames({ frames }: DeploymentStats): number {
  return Object.values(frames.dropped).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
