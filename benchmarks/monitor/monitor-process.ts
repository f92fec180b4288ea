/**
 * Compares a stored span of time with another, or with a baseline that was kept, in a process of its own: what
 * it takes, and how much memory.
 */
import { readFile } from "node:fs/promises";
import { Baseline, type MonitorOptions, runMonitor } from "../../src/monitor.ts";
import { openDataset } from "../../src/reader.ts";
import type { Figures } from "../benchmark.ts";
import { serve } from "../child.ts";
import { collection, firstDay } from "./monitored-rows.ts";

/** What is compared. */
export interface MonitorRequest {
  readonly root: string;
  readonly profile: NonNullable<MonitorOptions["profile"]>;
  readonly read: "rows" | "profiles";
  /** Of each span; the second follows the first. */
  readonly hours: number;
  /** The file of the baseline; by default the rows of the first span are it. */
  readonly kept?: string;
}

serve(async ({ root, profile, read, hours, kept }: MonitorRequest): Promise<Figures> => {
  const spanMs = hours * 3_600_000;
  const span = (n: number): { from: Date; to: Date } => ({
    from: new Date(firstDay + n * spanMs),
    to: new Date(firstDay + (n + 1) * spanMs),
  });
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  await using data = await openDataset(root);
  const baseline = kept === undefined ? span(0) : Baseline.fromJSON(JSON.parse(await readFile(kept, "utf8")));
  const { collections } = await runMonitor(data, {
    now: span(2).from,
    profile,
    collections: [
      {
        ...{ collection, read, baseline, windows: [span(1)] },
        thresholds: { all: { TwoSampleKolmogorovSmirnovTest: 0.01, PearsonsChiSquaredTest: 0.01 } },
      },
    ],
  });
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpuBefore);
  if ((collections[0]?.features ?? []).every(({ verdict }) => verdict !== "breach"))
    throw new Error("what was made to drift does not");
  return {
    time: { unit: "s", value: ms / 1e3 },
    CPU: { unit: "s", value: (user + system) / 1e6 },
    RSS: { unit: "MB", value: (process.resourceUsage().maxRSS * 1024) / 1e6 },
  };
});
