import type { Sender } from "../../agent/sender.ts";
import type { PutResult } from "../../store/store.ts";
import type { DeliveryTask } from "./delivery-task.ts";
import { FramePosting, type FramePostingParts } from "./frame-posting.ts";
import { type Frozen, SegmentUpload, type SegmentUploadParts } from "./segment-upload.ts";

export interface DeliveryTargetsParts
  extends SegmentUploadParts,
    Omit<FramePostingParts, "sender" | "onSent"> {
  /** Takes what is sent by frames. Without it, segments of that kind stay in the spool. */
  readonly sender?: Sender | undefined;
}

/** Where a segment can go. */
export interface DeliveryTarget {
  put(task: DeliveryTask, frozen: Frozen, signal: AbortSignal): Promise<PutResult>;
  /** Where a part of a segment can be refused: goes on without that one. Else all of it is set aside. */
  leaveOut?(task: DeliveryTask, detail: string): void;
}

/** The places that segments go to, by their format: files to the store, frames to the sender. */
export class DeliveryTargets {
  readonly #parts: DeliveryTargetsParts;
  readonly #upload: SegmentUpload;
  readonly #posting: FramePosting | undefined;

  /** `onSent` is told of each frame that the sender has taken. */
  constructor(parts: DeliveryTargetsParts, onSent: () => void) {
    const { sender } = parts;
    this.#parts = parts;
    this.#upload = new SegmentUpload(parts);
    this.#posting = sender === undefined ? undefined : new FramePosting({ ...parts, sender, onSent });
  }

  /** Throws if there is none. */
  of({ label }: DeliveryTask): DeliveryTarget {
    if (label.format !== "azureml") return this.#upload;
    if (this.#posting === undefined) throw new Error("there is nobody who takes frames");
    return this.#posting;
  }

  /** Where a segment goes, or new ones would if all are sent by frames; for people. */
  describe(task: DeliveryTask | undefined): string {
    const { sender, store } = this.#parts;
    const sends = task === undefined || task.label.format === "azureml";
    return ((sends ? sender : undefined) ?? store).description;
  }
}
