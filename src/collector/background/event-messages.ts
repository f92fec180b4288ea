import type { Counts } from "../../base/counts.ts";
import type { BackendEvents, BackendHealth, DropOrigin, Trouble } from "../../pipeline/backend.ts";
import type { DropReason } from "../../pipeline/ledger.ts";
import type { SpoolUsage } from "../../spool/spool.ts";

/** What the engine tells, on its way between threads: a message for each of {@link BackendEvents}. */
export type EventMessage =
  | {
      readonly type: "spooled";
      readonly collection: string;
      readonly sequence: number;
      readonly counts: Counts;
    }
  | {
      readonly type: "delivered";
      readonly collection: string;
      readonly counts: Counts;
      readonly recovered: boolean;
      readonly sequences: readonly number[];
      readonly segment: string;
    }
  | {
      readonly type: "dropped";
      readonly reason: DropReason;
      readonly collection: string;
      readonly counts: Counts;
      readonly origin: DropOrigin;
    }
  | { readonly type: "settled"; readonly segment: string }
  | { readonly type: "trouble"; readonly trouble: Trouble }
  | { readonly type: "health"; readonly health: BackendHealth }
  | { readonly type: "encoding"; readonly sequences: readonly number[] }
  | { readonly type: "usage"; readonly usage: SpoolUsage };

/** Events that are posted. */
export function postedEvents(post: (message: EventMessage) => void): BackendEvents {
  return {
    spooled: (collection, sequence, counts) => post({ type: "spooled", collection, sequence, counts }),
    delivered: (collection, counts, recovered, sequences, segment) =>
      post({ type: "delivered", collection, counts, recovered, sequences, segment }),
    dropped: (reason, collection, counts, origin) =>
      post({ type: "dropped", reason, collection, counts, origin }),
    settled: (segment) => post({ type: "settled", segment }),
    trouble: (trouble) => post({ type: "trouble", trouble }),
    health: (health) => post({ type: "health", health }),
    encoding: (sequences) => post({ type: "encoding", sequences }),
    usage: (usage) => post({ type: "usage", usage }),
  };
}

/** Tells what was posted. */
export function tellEvent(message: EventMessage, events: BackendEvents): void {
  switch (message.type) {
    case "spooled":
      events.spooled(message.collection, message.sequence, message.counts);
      return;
    case "delivered":
      events.delivered(
        message.collection,
        message.counts,
        message.recovered,
        message.sequences,
        message.segment,
      );
      return;
    case "dropped":
      events.dropped(message.reason, message.collection, message.counts, message.origin);
      return;
    case "settled":
      events.settled(message.segment);
      return;
    case "trouble":
      events.trouble(message.trouble);
      return;
    case "health":
      events.health(message.health);
      return;
    case "encoding":
      events.encoding?.(message.sequences);
      return;
    case "usage":
      events.usage(message.usage);
  }
}
