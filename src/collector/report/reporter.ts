import { type Counts, onlyCounts } from "../../base/counts.ts";
import { publish } from "./diagnostics.ts";
import type { CollectorErrorCode } from "../../base/errors.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import { dropText, type ReportDetails, type Reporter } from "./reporter.ts";
import type { StatusBoard } from "./status-board.ts";

/** Tells what happens to a deployment's frames to all who may want to know: listeners, diagnostics channels, the status. */
export interface Announcer {
  /** A batch is in the durable spool. */
  spooled(collection: string, counts: Counts): void;
  /** Frames are at the destination. */
  delivered(collection: string, counts: Counts, recovered: boolean): void;
  /** Frames were lost. */
  dropped(reason: DropReason, collection: string, counts: Counts, story: DropStory): void;
  /** Frames were lost, and whoever lost them tells the listeners. */
  noteDrop(reason: DropReason, collection: string, counts: Counts, recovered?: boolean): void;
  /** Something is wrong that is no drop. */
  trouble(code: CollectorErrorCode, reason: string, message: string, details: ReportDetails): void;
}

/** What there is to say about a drop. */
export interface DropStory {
  readonly detail: string;
  readonly cause?: Error;
  /** True when an earlier process had left the frames. */
  readonly recovered?: boolean;
}

export interface AnnouncerParts {
  readonly endpoint: string;
  readonly deployment: string;
  readonly board: StatusBoard;
  /** Who is to be told of a collection, or of no certain one. */
  readonly reportersOf: (collection: string | undefined) => Iterable<Reporter>;
}

export function createAnnouncer(parts: AnnouncerParts): Announcer {
  return new DeploymentAnnouncer(parts);
}

/** Troubles that the status shows. How delivery is doing it is told otherwise. */
const degrading = new Set<CollectorErrorCode>([
  "SPOOL_FAILED",
  "BACKGROUND_FAILED",
  "CORRUPT",
  "QUARANTINED",
]);

class DeploymentAnnouncer implements Announcer {
  readonly #parts: AnnouncerParts;

  constructor(parts: AnnouncerParts) {
    this.#parts = parts;
  }

  spooled(collection: string, counts: Counts): void {
    publish("spooled", this.#parts, () => ({ collection, ...onlyCounts(counts) }));
  }

  delivered(collection: string, counts: Counts, recovered: boolean): void {
    publish("delivered", this.#parts, () => ({ collection, ...onlyCounts(counts), recovered }));
  }

  dropped(
    reason: DropReason,
    collection: string,
    counts: Counts,
    { detail, cause, recovered }: DropStory,
  ): void {
    this.noteDrop(reason, collection, counts, recovered);
    const { frames } = counts;
    const message = dropText(reason, collection, frames, detail);
    this.#report("FRAME_DROPPED", reason, message, { collection, frames, cause });
  }

  noteDrop(reason: DropReason, collection: string, counts: Counts, recovered = false): void {
    if (reason !== "closed") {
      const text = `frames of ${collection} were dropped (${reason})`;
      this.#parts.board.note(`${reason}\n${collection}`, text);
    }
    publish("dropped", this.#parts, () => ({ collection, reason, ...onlyCounts(counts), recovered }));
  }

  trouble(code: CollectorErrorCode, reason: string, message: string, details: ReportDetails): void {
    const collection = details.collection ?? null;
    if (degrading.has(code)) this.#parts.board.note(`${reason}\n${collection ?? ""}`, message);
    publish("trouble", this.#parts, () => ({ code, reason, message, collection }));
    this.#report(code, reason, message, details);
  }

  #report(code: CollectorErrorCode, reason: string, message: string, details: ReportDetails): void {
    for (const reporter of this.#parts.reportersOf(details.collection)) {
      reporter.report(code, reason, () => message, details);
    }
  }
}
