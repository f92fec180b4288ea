import { takeSnapshot } from "../../frame/snapshot.ts";
import type { Queued } from "../../pipeline/batching/frame-queue.ts";
import type { Admission } from "../admission.ts";
import { CorrelationContext } from "../context/correlation-context.ts";
import type { DeploymentCollection } from "../deployment-collection.ts";
import type { Copying } from "../protection.ts";

/**
 * The frames that one collector is given and the rate leaves out: read, with all that protects them, for the
 * profiles of their collection, if it has any. What cannot be read, or has no room, is no loss: it is left
 * out, and in no profile.
 */
export class UnsampledFrames {
  readonly #core: { store(queued: Queued): void };
  readonly #collection: DeploymentCollection;
  readonly #admission: Admission;
  readonly #copying: Copying;

  constructor(
    core: { store(queued: Queued): void },
    collection: DeploymentCollection,
    admission: Admission,
    copying: Copying,
  ) {
    this.#core = core;
    this.#collection = collection;
    this.#admission = admission;
    this.#copying = copying;
  }

  /** Takes a frame; it is in the ledger as sampled out already. */
  take(frame: object, context: CorrelationContext): void {
    const { unsampled } = this.#collection;
    if (unsampled === undefined || !CorrelationContext.isUnchanged(context)) return;
    const startedAt = this.#admission.beginProfile();
    if (startedAt === undefined) return;
    let bytes = 0;
    try {
      const result = takeSnapshot(frame, this.#copying.options);
      if (result.status === "dropped") return;
      const { snapshot } = result;
      bytes = snapshot.bytes;
      if (this.#admission.hasRoomToSpare(snapshot.memory))
        this.#core.store(unsampled.queued(snapshot, CorrelationContext.requestTimeOf(context)));
      else snapshot.release();
    } finally {
      this.#admission.ended(startedAt, bytes);
    }
  }
}
