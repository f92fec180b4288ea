import type { DeploymentConfig } from "../../config/deployment-config.ts";
import type { Ledger } from "../../pipeline/ledger.ts";
import type { Reporter } from "../report/reporter.ts";
import type { StatusBoard } from "../report/status-board.ts";

/** How long the natural end of a process may take to deliver, milliseconds. */
const deadlineMs = 10_000;

/** What {@link NaturalEnd} works with. */
export interface NaturalEndParts {
  readonly ledger: Ledger;
  readonly board: Pick<StatusBoard, "waiting">;
  readonly reporter: Pick<Reporter, "trouble">;
  readonly config: () => DeploymentConfig;
  /** True if there is something of the stored ledger that nobody was told. */
  readonly isUntold: () => boolean;
  /** Delivers everything; rejects if that is not done in time. */
  readonly deliver: (deadlineMs: number) => Promise<unknown>;
}

/** The end of a process that has nothing more to do: it waits for delivery, and not for ever. */
export class NaturalEnd {
  readonly #parts: NaturalEndParts;
  /** What had been offered when it last waited. */
  #gaveUpAt = 0;

  constructor(parts: NaturalEndParts) {
    this.#parts = parts;
  }

  /** True if there is something to wait for. */
  get hasPending(): boolean {
    const { ledger, board, isUntold } = this.#parts;
    // What earlier processes left counts too: if each process ended in the middle of it, it would never be
    // delivered.
    const isSpooled = this.#isDurable && board.waiting > 0;
    const waits = ledger.pendingFrames > 0 || isSpooled || isUntold();
    // What could not be delivered in one go at this point is not tried for ever: it is safe, or reported.
    return waits && ledger.snapshot().frames.offered !== this.#gaveUpAt;
  }

  async settle(): Promise<void> {
    const { ledger, deliver, reporter, config } = this.#parts;
    this.#gaveUpAt = ledger.snapshot().frames.offered;
    try {
      await deliver(deadlineMs);
    } catch (thrown) {
      const kept = this.#isDurable
        ? `it stays in the spool (${config().spool.directory}) for the next process`
        : "it is lost with this process";
      const message = `the process ends before all was delivered; ${kept}`;
      reporter.trouble("DELIVERY_DELAYED", "exit", () => message, { cause: thrown });
    }
  }

  get #isDurable(): boolean {
    return this.#parts.config().spool.durability !== "memory";
  }
}
