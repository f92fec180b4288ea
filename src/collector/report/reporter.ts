import { type Counts, onlyCounts } from "../../base/counts.ts";
import type { CollectorErrorCode } from "../../base/errors.ts";
import type { BackendHealth } from "../../pipeline/engine-event.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { publish } from "./diagnostics.ts";
import type { RateLimitedListener, ReportDetails } from "./rate-limited-listener.ts";
import type { StatusBoard } from "./status-board.ts";

/** Frames that were lost, and what there is to say about it. */
export interface Drop extends Omit<TroubleDetails, "collection" | "frames"> {
  readonly reason: DropReason;
  readonly collection: string;
  readonly counts: Counts;
  /** Why, for people. */
  readonly detail: string;
  /** True when an earlier process had left the frames. */
  readonly recovered?: boolean;
}

/** What there is to say about a trouble besides its message. */
export interface TroubleDetails extends ReportDetails {
  /** Who alone is told of it; without one, all listeners of the collection. */
  readonly listener?: RateLimitedListener | undefined;
}

export interface ReporterParts {
  readonly endpoint: string;
  readonly deployment: string;
  readonly board: Pick<StatusBoard, "note">;
  /** Who is to be told of a collection, or of no certain one. */
  readonly listenersOf: (collection: string | undefined) => Iterable<RateLimitedListener>;
}

/** Troubles that the status shows. How delivery is doing it is told otherwise. */
const degrading = new Set<CollectorErrorCode>([
  "SPOOL_FAILED",
  "BACKGROUND_FAILED",
  "CORRUPT",
  "QUARANTINED",
]);

/**
 * Tells what happens to a deployment to all who may want to know: listeners, diagnostics channels, the
 * status.
 */
export class Reporter {
  readonly #parts: ReporterParts;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  /** A batch is in the durable spool. */
  spooled(collection: string, counts: Counts): void {
    publish("spooled", this.#parts, () => ({ collection, ...onlyCounts(counts) }));
  }

  /** Frames are at the destination. */
  delivered(collection: string, counts: Counts, recovered: boolean): void {
    publish("delivered", this.#parts, () => ({ collection, ...onlyCounts(counts), recovered }));
  }

  /** Frames were lost. */
  dropped({ reason, counts, detail, recovered = false, ...details }: Drop): void {
    const { collection } = details;
    const { frames } = counts;
    if (reason !== "closed") {
      const text = `frames of ${collection} were dropped (${reason})`;
      this.#parts.board.note(`${reason}\n${collection}`, text);
    }
    publish("dropped", this.#parts, () => ({ collection, reason, ...onlyCounts(counts), recovered }));
    const message = (): string => dropText(reason, collection, frames, detail);
    this.#report("FRAME_DROPPED", reason, message, { ...details, frames });
  }

  /** Something is wrong that is no drop. */
  trouble(code: CollectorErrorCode, reason: string, message: () => string, details: TroubleDetails): void {
    const collection = details.collection ?? null;
    if (degrading.has(code)) this.#parts.board.note(`${reason}\n${collection ?? ""}`, message());
    publish("trouble", this.#parts, () => ({ code, reason, message: message(), collection }));
    this.#report(code, reason, message, details);
  }

  /** The status is another one now, or is so for other reasons. */
  health(health: BackendHealth): void {
    publish("health", this.#parts, () => health);
  }

  /** The configuration of this version holds from now on. */
  configured(version: number): void {
    publish("config", this.#parts, () => ({ version }));
  }

  #report(code: CollectorErrorCode, reason: string, message: () => string, details: TroubleDetails): void {
    const { listener, collection } = details;
    const listeners = listener === undefined ? this.#parts.listenersOf(collection) : [listener];
    for (const each of listeners) each.report(code, reason, message, details);
  }
}

/** The message of a drop. */
function dropText(reason: DropReason, collection: string, frames: number, detail: string): string {
  const what = frames === 1 ? "a frame" : `${frames} frames`;
  return `${what} of ${collection} ${frames === 1 ? "was" : "were"} dropped (${reason}): ${detail}`;
}
