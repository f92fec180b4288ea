import { killsWithBlobs, killsWithFolder } from "./kills.ts";
import type { Outcome } from "./outcome.ts";

/** How much is done. */
export interface Scale {
  /** Processes killed at random moments, in all. */
  readonly kills: number;
}

/** A run that gives one row of the table, or several. */
export interface FaultRun {
  readonly name: string;
  run(scale: Scale): Promise<Outcome | readonly Outcome[]>;
}

const quarter = ({ kills }: Scale): number => Math.max(1, Math.ceil(kills / 4));

/** Everything that `npm run test:faults` runs, in this order. */
export const faultRuns: readonly FaultRun[] = [
  { name: "kill-group-folder", run: (scale) => killsWithFolder("group", quarter(scale)) },
  { name: "kill-frame-folder", run: (scale) => killsWithFolder("frame", quarter(scale)) },
  { name: "kill-group-blobs", run: (scale) => killsWithBlobs("group", quarter(scale)) },
  { name: "kill-frame-blobs", run: (scale) => killsWithBlobs("frame", quarter(scale)) },
];
