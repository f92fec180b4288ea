import { countOf } from "../../base/plural.ts";
import type { SilentProcess } from "./told-processes.ts";

/**
 * What can be said of an hour.
 * - `complete`: all that was offered was stored, or left out as somebody had asked for; all have told.
 * - `short`: frames were dropped, or rows that were stored are no longer there.
 * - `unknown`: somebody who may know more is silent, or what was told is not there.
 * - `waiting`: frames are on their way, or processes have yet to tell; it is too early to say.
 * - `purged`: rows that were stored were taken away on purpose, by `mdc purge`.
 */
export type Verdict = "complete" | "short" | "unknown" | "waiting" | "purged";

/** All that speaks for or against an hour. */
export interface Evidence {
  readonly dropped: Readonly<Record<string, number>>;
  readonly pending: number;
  readonly unaccounted: number;
  readonly storedRows: number;
  readonly foundRows: number | null;
  /** Rows that were erased. */
  readonly erasedRows: number;
  readonly isPurged: boolean;
  /** Files. */
  readonly unreadable: number;
  readonly silent: readonly SilentProcess[];
  /** Processes that have yet to tell of it. */
  readonly awaited: number;
  /** Reports that are missing. */
  readonly missing: number;
  /** Processes that were killed before they told of themselves. */
  readonly nameless: number;
}

/** The worst of what there is to say, and all of it. */
export function judge(
  evidence: Evidence,
  isTold: boolean,
): { readonly verdict: Verdict; readonly reasons: readonly string[] } {
  const {
    dropped,
    pending,
    unaccounted,
    storedRows,
    foundRows,
    erasedRows,
    isPurged,
    unreadable,
    silent,
    awaited,
    missing,
    nameless,
  } = evidence;
  const said: { readonly verdict: Verdict; readonly reason: string }[] = [];
  const say = (verdict: Verdict, count: number, noun: string, rest: string): void => {
    if (count > 0) said.push({ verdict, reason: `${countOf(count, noun)} ${rest}` });
  };
  for (const [reason, frames] of Object.entries(dropped))
    say("short", frames, "frame", `dropped (${reason})`);
  if (foundRows !== null && unreadable === 0)
    say(
      isPurged ? "purged" : "short",
      storedRows - foundRows - erasedRows,
      "row",
      isPurged ? "purged" : "no longer in any file",
    );
  say("short", unreadable, "file", "that cannot be read");
  say("unknown", unaccounted, "frame", "unaccounted for, of processes that were killed");
  const killed = silent.filter(({ recovered }) => recovered).length;
  say("unknown", killed + nameless, "process", "killed: what was in its last moment's memory is not counted");
  say("unknown", silent.length - killed, "process", "silent since before the end of it");
  say("unknown", missing, "report", "missing");
  say("waiting", awaited, "process", "yet to tell");
  say("waiting", pending, "frame", "not stored yet");
  // Whoever has yet to tell will most likely tell of these.
  if (isTold && said.length === 0)
    say("unknown", (foundRows ?? 0) - storedRows, "row", "of which nothing is told");
  if (!isTold) said.push({ verdict: "unknown", reason: "nothing is told of it in the ledger" });
  const verdict = (["short", "unknown", "waiting", "purged"] as const).find((one) =>
    said.some((each) => each.verdict === one),
  );
  return { verdict: verdict ?? "complete", reasons: said.map(({ reason }) => reason) };
}
