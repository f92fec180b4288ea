import type { Verdict } from "../support/oracle.ts";

/** What one fault did: a row of the table. */
export interface Outcome {
  readonly fault: string;
  /** How often it was to happen. */
  readonly injected: number;
  /** How often it did. A run whose fault never happened proves nothing, and fails. */
  readonly fired: number;
  readonly offered: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly invented: number;
  /** What else was measured. */
  readonly figure: string;
  /** Everything that is not as promised; empty when all is well. */
  readonly problems: readonly string[];
  /** Why it could not be run here. */
  readonly notRun?: string;
}

/** A row from a verdict. */
export function outcomeOf(
  fault: string,
  { injected, fired }: { readonly injected: number; readonly fired: number },
  verdict: Verdict,
  figure: string,
  problems: readonly string[] = [],
): Outcome {
  const { offered, acknowledged, lost, duplicated, invented } = verdict;
  const unfired = fired === 0 ? ["the fault never happened: the run is void"] : [];
  return {
    fault,
    injected,
    fired,
    offered,
    acknowledged,
    lost,
    duplicated,
    invented,
    figure,
    problems: [...verdict.problems, ...problems, ...unfired],
  };
}

/** A row for a fault that this machine cannot produce. */
export function notRun(fault: string, why: string): Outcome {
  const none = { injected: 0, fired: 0, offered: 0, acknowledged: 0, lost: 0, duplicated: 0, invented: 0 };
  return { fault, ...none, figure: "", problems: [], notRun: why };
}

/** How many frames sudden death cost; `steady` are those of processes whose background thread was up. */
export function windowText(windows: readonly number[], steady?: readonly number[]): string {
  const all = `unacknowledged frames lost by each: ${spreadText(windows)}`;
  return steady === undefined ? all : `${all}; with the background thread up: ${spreadText(steady)}`;
}

function spreadText(counts: readonly number[]): string {
  const sorted = [...counts].sort((a, b) => a - b);
  const mean = sorted.reduce((sum, count) => sum + count, 0) / Math.max(1, sorted.length);
  return `mean ${mean.toFixed(1)}, median ${sorted[sorted.length >> 1] ?? 0}, most ${sorted.at(-1) ?? 0} (of ${sorted.length})`;
}

/** The rows as aligned text. */
export function outcomeTable(outcomes: readonly Outcome[]): string {
  const header = [
    "fault",
    "injected",
    "fired",
    "offered",
    "acknowledged",
    "lost",
    "doubled",
    "invented",
    "",
    "figure",
  ];
  const lines = outcomes.map((outcome) => {
    const { fault, injected, fired, offered, acknowledged, lost, duplicated, invented, figure } = outcome;
    if (outcome.notRun !== undefined) return [fault, "", "", "", "", "", "", "", "not run", outcome.notRun];
    const counts = [injected, fired, offered, acknowledged, lost, duplicated, invented].map(String);
    return [fault, ...counts, outcome.problems.length === 0 ? "ok" : "FAILED", figure];
  });
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((cells) => cells[column]?.length ?? 0)),
  );
  return [header, ...lines]
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 || column > 7 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
