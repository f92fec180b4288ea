import type { Sender } from "../../agent/sender.ts";
import { subtractCounts } from "../../base/counts.ts";
import { type Encoders, encoderOf } from "../../codec/encoder.ts";
import type { SealedSegments } from "../../spool/sealed-segments.ts";
import type { Emit } from "../engine-event.ts";
import { type DeliveryTask, originOf, sequencesInMemory } from "./delivery-task.ts";
import type { PutFailure } from "./outage.ts";
import type { Frozen } from "./segment-upload.ts";

export interface FramePostingParts {
  readonly spool: SealedSegments;
  readonly encoders: Encoders;
  readonly emit: Emit;
  readonly sender: Sender;
  /** Told of each frame that was taken. */
  readonly onSent: () => void;
}

/**
 * Sends the frames of a segment one by one, in their order. How far it came is in the spool: whoever goes on
 * with the segment, in whatever process, sends the frame again whose answer was not there yet, and no other.
 */
export class FramePosting {
  readonly #parts: FramePostingParts;

  constructor(parts: FramePostingParts) {
    this.#parts = parts;
  }

  /** Until one is not taken, or none is left. */
  async put(
    task: DeliveryTask,
    { body }: Frozen,
    signal: AbortSignal,
  ): Promise<{ readonly status: "stored" } | PutFailure> {
    const { spool, encoders, sender, onSent } = this.#parts;
    const { segment, label } = task;
    const frames = await encoderOf(encoders, label.format).frames?.(body);
    if (frames === undefined) throw new Error(`nothing of the format ${label.format} is sent by frames`);
    for (let number = spool.progress(segment); number < frames.count; number++) {
      const frame = await frames.read(number);
      task.part = { number, rows: frame.rows };
      const result = await sender.send(frame, signal);
      if (result.status !== "sent") return result;
      onSent();
      this.#advance(task);
    }
    return { status: "stored" };
  }

  /**
   * The frame that was not taken never will be: it is dropped, and the others have their turn. A copy of the
   * record that it came in is kept for a person.
   */
  leaveOut(task: DeliveryTask, detail: string): void {
    const { spool, emit } = this.#parts;
    const { segment, label, part, counts: before } = task;
    const { collection } = label;
    // How many of the bytes are this frame's nobody knows any more.
    const bytes = Math.round(before.bytes / Math.max(1, before.frames));
    const counts = { frames: 1, rows: part.rows, bytes };
    task.counts = subtractCounts(before, counts);
    const origin = originOf(segment, sequencesInMemory(spool, segment));
    emit({ kind: "dropped", reason: "poison", collection, counts, origin });
    let frames = 0;
    for (const record of spool.read(segment)) {
      frames += record.counts.frames;
      if (frames <= part.number) continue;
      spool.quarantineRecord(segment, record, `poison: ${detail}`);
      break;
    }
    this.#advance(task);
    emit({
      kind: "trouble",
      code: "QUARANTINED",
      reason: "quarantined_poison",
      message: `a frame was set aside, with those of its record: ${detail}`,
      collection,
      counts,
    });
  }

  #advance(task: DeliveryTask): void {
    task.rejections = 0;
    this.#parts.spool.advance(task.segment, task.part.number + 1);
  }
}
