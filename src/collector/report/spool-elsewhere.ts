import type { Reporter } from "./reporter.ts";
import type { StatusBoard } from "./status-board.ts";

/** Tells once, and shows in the status, that the spool is not where it should be. */
export function tellSpoolElsewhere(
  trouble: string | undefined,
  board: Pick<StatusBoard, "hold">,
  reporter: Pick<Reporter, "trouble">,
): void {
  if (trouble === undefined) return;
  board.hold("spool_elsewhere", trouble);
  reporter.trouble("SPOOL_FAILED", "spool_elsewhere", () => trouble, {});
}
