import { addCounts, noCounts } from "../../../base/counts.ts";
import type { SealedSegment } from "../../../spool/sealed-segments.ts";
import type { AppendResult, OpenSegment, SpoolWriter } from "../../../spool/spool-writer.ts";
import type { OutgoingBatch } from "../../backend.ts";
import type { Emit } from "../../engine-event.ts";
import type { DropReason } from "../../ledger.ts";
import { isBodyLabel, type LabelPlace } from "../../segment-label.ts";
import { readBodyEnd } from "./body-end.ts";

export interface BodySpoolingParts {
  readonly writer: SpoolWriter;
  readonly emit: Emit;
  /** Takes a segment that is complete. */
  readonly onSealed: (segment: SealedSegment) => void;
}

/** Of the spool's bytes bodies leave so much to frames. */
const bodyShare = 1 / 2;

/**
 * Puts bodies into the spool, piece by piece. A body is there whole or not at all: when a piece is refused,
 * what there is of it goes, and its end is refused, too.
 */
export class BodySpooling {
  readonly #parts: BodySpoolingParts;
  /** Why the rest of a body is refused, by its label, until its end has come. */
  readonly #broken = new Map<string, DropReason>();
  /** Labels of bodies that are whole, but that the disk did not let it seal. */
  readonly #unsealed = new Set<string>();

  constructor(parts: BodySpoolingParts) {
    this.#parts = parts;
  }

  /** Takes a piece, an end, or that it is given up; tells its fate before it returns. */
  append(batch: OutgoingBatch, place: LabelPlace): void {
    const { label, bytes, counts } = batch;
    if (counts.bytes > 0) this.#piece(batch, place);
    else if (bytes.length > 0) this.#end(batch, place);
    else {
      this.#broken.delete(label);
      this.#discard(label, place, "closed");
      this.#spooled(batch, place);
    }
  }

  /** True for a body that is to be sealed as soon as the disk lets it. */
  isDue({ label }: OpenSegment): boolean {
    return this.#unsealed.has(label);
  }

  /** No more will come of those that are open. */
  discardAll(placeOf: (label: string) => LabelPlace | undefined): void {
    for (const { label } of this.#parts.writer.open()) {
      const place = isBodyLabel(label) && !this.#unsealed.has(label) ? placeOf(label) : undefined;
      if (place !== undefined) this.#discard(label, place, "closed");
    }
  }

  #piece(batch: OutgoingBatch, place: LabelPlace): void {
    const { sequence, label, bytes, counts } = batch;
    const known = this.#broken.get(label);
    const refusal = known ?? refusalOf(this.#parts.writer.append(label, bytes, counts, sequence, bodyShare));
    if (refusal === undefined) {
      this.#spooled(batch, place);
      return;
    }
    this.#broken.set(label, refusal);
    this.#refuse(batch, place, refusal);
    this.#discard(label, place, refusal);
  }

  #end(batch: OutgoingBatch, place: LabelPlace): void {
    const { sequence, label, bytes, counts } = batch;
    const { writer, onSealed } = this.#parts;
    const size = readBodyEnd(bytes)?.size;
    // A thread that died, or a disk that refused one file, has left its beginning somewhere else.
    const isWhole = (): boolean => {
      const [segment, ...others] = this.#segments(label);
      return segment?.counts.bytes === size && others.length === 0;
    };
    const known = this.#broken.get(label);
    this.#broken.delete(label);
    const refusal =
      known ??
      (isWhole() ? refusalOf(writer.append(label, bytes, counts, sequence)) : "io_error") ??
      (isWhole() ? undefined : "io_error");
    if (refusal !== undefined) {
      this.#refuse(batch, place, refusal);
      this.#discard(label, place, refusal);
      return;
    }
    this.#unsealed.add(label);
    const sealed = writer.seal((segment) => this.isDue(segment));
    this.#spooled(batch, place);
    for (const segment of sealed) this.sealed(segment);
    for (const segment of sealed) onSealed(segment);
  }

  /** The writer has sealed a segment. */
  sealed({ label }: SealedSegment): void {
    this.#unsealed.delete(label);
  }

  #segments(label: string): readonly OpenSegment[] {
    return this.#parts.writer.open().filter((segment) => segment.label === label);
  }

  /** What there is of a body goes. */
  #discard(label: string, { collection }: LabelPlace, reason: DropReason): void {
    const { writer, emit } = this.#parts;
    const segments = this.#segments(label);
    const [first] = segments;
    if (first === undefined) return;
    const counts = segments.reduce((sum, segment) => addCounts(sum, segment.counts), noCounts);
    const origin = { from: "spool", sequences: [], segment: first.id } as const;
    writer.discard(label);
    emit({ kind: "dropped", reason, collection, counts, origin });
  }

  #spooled({ sequence, counts }: OutgoingBatch, { collection }: LabelPlace): void {
    this.#parts.emit({ kind: "spooled", collection, sequence, counts });
  }

  #refuse({ sequence, counts }: OutgoingBatch, place: LabelPlace, reason: DropReason): void {
    const origin = { from: "memory", sequences: [sequence] } as const;
    this.#parts.emit({ kind: "dropped", reason, ...place, counts, origin });
  }
}

/** Why a record was not appended. */
function refusalOf(result: AppendResult): DropReason | undefined {
  if (result.status === "appended") return undefined;
  if (result.status === "full") return result.reason;
  return result.status === "too_large" ? "spool_full" : "io_error";
}
