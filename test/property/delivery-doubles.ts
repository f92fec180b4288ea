import type { Batch } from "../../src/frame/batch.ts";
import type { SealedSegment } from "../../src/spool/sealed-segments.ts";
import type { PutResult } from "../../src/store/store.ts";

/**
 * What the destination says to a file. `lost` stores it and says nothing; `hang` says nothing until it is
 * told to go on.
 */
export type Answer =
  | "transient"
  | "throttled"
  | "configuration"
  | "clock"
  | "rejected"
  | "conflict"
  | "lost"
  | "hang";

/** What a service asks for that asks for patience, milliseconds. */
export const retryAfterMs = 20_000;

/** A frame with a number that this divides cannot be encoded. */
const poisonous = 17;

export function failure(
  kind: "transient" | "throttled" | "configuration" | "clock",
  of = "",
): Extract<PutResult, { status: "retryable" }> {
  const error = new Error(`${kind}${of}`);
  return kind === "throttled"
    ? { status: "retryable", class: "transient", error, retryAfterMs }
    : { status: "retryable", class: kind, error };
}

/** A segment, and what has become of it as far as can be seen from outside. */
export class Seen {
  readonly segment: SealedSegment;
  readonly collection: string;
  /** Frames that are not yet told as dropped. */
  left: number;
  rejections = 0;
  puts = 0;
  /**
   * Whether its collection's types were known when it was sealed: those that ask for them together come back
   * in any order.
   */
  readonly inOrder: boolean;

  constructor(segment: SealedSegment, inOrder: (collection: string) => boolean) {
    this.segment = segment;
    this.collection = (JSON.parse(segment.label) as string[])[4] ?? "";
    this.left = segment.counts.frames;
    this.inOrder = inOrder(this.collection);
  }
}

/** The numbers of the frames, as text. */
export async function* encode(batches: () => Iterable<Batch>): AsyncGenerator<Uint8Array> {
  let text = "";
  for (const { columns } of batches()) {
    for (const { values } of columns) {
      if (values.kind !== "float64") continue;
      for (const n of values.data) {
        if (n % poisonous === 0) throw new Error("poison");
        text += `${text === "" ? "" : " "}${n}`;
      }
    }
  }
  yield Buffer.from(text);
}
