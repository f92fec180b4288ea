import type { SystemConstants } from "../../frame/batch.ts";
import type { FrameFacts } from "../../frame/frame-facts.ts";
import type { Snapshot } from "../../frame/snapshot.ts";
import { ledgerRate } from "../../layout/ledger-hour.ts";
import type { RollingRate } from "../../layout/partition.ts";
import { Queued } from "../../pipeline/batching/frame-queue.ts";
import type { Collection } from "../../pipeline/collection.ts";
import { Ledger } from "../../pipeline/ledger.ts";

/**
 * The frames of a collection that its rate leaves out, on their way to a profile: they go the way of all
 * others, through the spool, so that as many of them survive whatever happens, and end there. In the ledger
 * they are sampled out, so what becomes of them is counted where nobody looks.
 */
export class UnsampledCollection implements Collection {
  readonly format = "unsampled";
  readonly name: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly rollingRate: RollingRate;
  readonly ledger: Ledger = new Ledger();
  readonly #stored: Collection;

  constructor(stored: Collection) {
    this.name = stored.name;
    this.endpoint = stored.endpoint;
    this.deployment = stored.deployment;
    this.rollingRate = ledgerRate(stored.rollingRate);
    this.#stored = stored;
  }

  get constants(): SystemConstants {
    return this.#stored.constants;
  }

  /** A frame of it, of a request of this time. */
  queued(snapshot: Snapshot, requestTimeMs: number): Queued {
    return new Queued(this, snapshot, new UnsampledFacts(requestTimeMs), snapshot.memory);
  }
}

/** What is told of a frame that is only profiled: when. */
class UnsampledFacts implements FrameFacts {
  readonly requestTimeMs: number;
  readonly eventTimeMs: number;
  readonly correlationId = "";
  readonly eventId = "";
  readonly requestId = null;
  readonly clientRequestId = null;
  readonly samplingRate = 0;
  readonly configVersion = 0;
  readonly tags = null;

  constructor(requestTimeMs: number) {
    this.requestTimeMs = requestTimeMs;
    this.eventTimeMs = requestTimeMs;
  }
}
