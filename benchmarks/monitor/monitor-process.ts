/** Compares two stored days, in a process of its own: what it takes, and how much memory. */
import { type MonitorOptions, runMonitor } from "../../src/monitor.ts";
import { openDataset } from "../../src/reader.ts";
import type { Figures } from "../benchmark.ts";
import { serve } from "../child.ts";
import { collection, firstDay } from "./monitored-rows.ts";

/** What is compared. */
export interface MonitorRequest {
  readonly root: string;
  readonly profile: NonNullable<MonitorOptions["profile"]>;
}

serve(async ({ root, profile }: MonitorRequest): Promise<Figures> => {
  const dayMs = 86_400_000;
  const day = (n: number): { from: Date; to: Date } => ({
    from: new Date(firstDay + n * dayMs),
    to: new Date(firstDay + (n + 1) * dayMs),
  });
  const cpuBefore = process.cpuUsage();
  const begun = performance.now();
  await using data = await openDataset(root);
  const { collections } = await runMonitor(data, {
    now: day(2).from,
    profile,
    collections: [
      {
        ...{ collection, baseline: day(0), windows: [day(1)] },
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
