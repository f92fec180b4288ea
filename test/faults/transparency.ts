import { subjects } from "../support/transparency/subjects.ts";
import { transparency } from "../support/transparency/transparency.ts";
import type { Outcome } from "./outcome.ts";

/** Of one run; each has a server and a destination of its own. */
const maxExchanges = 500;

/**
 * So many generated exchanges for each adapter of payload logging, some of which their clients leave: the
 * wire is the same as without it, and what is stored is what crossed it.
 */
export async function transparentAdapters(exchanges: number, firstSeed: number): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const subject of subjects) {
    const problems: string[] = [];
    let [played, aborted, rows] = [0, 0, 0];
    for (let seed = firstSeed; played < exchanges; seed++) {
      const report = await transparency(subject, {
        seed,
        exchanges: Math.min(maxExchanges, exchanges - played),
      });
      played += report.exchanges;
      aborted += report.aborted;
      rows += report.rows;
      problems.push(...report.problems);
    }
    outcomes.push({
      ...{ fault: `payload logging, ${subject.name}: clients that leave`, injected: aborted, fired: aborted },
      ...{ offered: played, acknowledged: rows, lost: 0, duplicated: 0, invented: 0 },
      figure: `${played} exchanges, ${rows} reached the handler`,
      problems: aborted === 0 ? [...problems, "no client left: the run is void"] : problems,
    });
  }
  return outcomes;
}
