import type { CountsEntry } from "./ledger-entry.ts";
import { partitionStart, type RollingRate } from "./partition.ts";

/**
 * The hour of the stored ledger that the requests of a partition are counted in: where partitions are days,
 * the day.
 */
export function ledgerHour({
  partition,
  rollingRate,
}: {
  /** Its start, or any time in it; milliseconds since 1970 UTC. */
  readonly partition: number;
  readonly rollingRate: RollingRate;
}): Pick<CountsEntry, "hour" | "span"> {
  const rate = ledgerRate(rollingRate);
  const hour = new Date(partitionStart(partition, rate)).toISOString();
  return rate === "day" ? { hour, span: "day" } : { hour };
}

/** How much time one line of the ledger covers. */
export function ledgerRate(rollingRate: RollingRate): "day" | "hour" {
  return rollingRate === "day" ? "day" : "hour";
}
