import type { Clock } from "../../../base/time/clock.ts";
import { countOf } from "../../../base/plural.ts";
import type { SealedSegment, SealedSegments } from "../../../spool/sealed-segments.ts";
import type { Emit } from "../../engine-event.ts";
import type { BodyLabel } from "../../segment-label.ts";
import type { Frozen } from "../segment-upload.ts";
import { yielding } from "../encoding/yielding.ts";
import { readBodyEnd } from "./body-end.ts";

/** What becomes of a body that was found in the spool. */
export type EncodedBodyObject =
  | ({ readonly status: "frozen" } & Frozen)
  /** Its end never came. It was told as dropped. */
  | { readonly status: "empty" }
  | { readonly status: "poison"; readonly error: Error };

export interface BodyEncodingParts {
  readonly spool: SealedSegments;
  readonly clock: Clock;
  readonly emit: Emit;
}

/**
 * The object of a body: its pieces as they lie in the spool, which nothing changes any more, so that they
 * need not be copied. Throws the system's error when the spool cannot be read.
 */
export async function encodeBody(
  { spool, emit, clock }: BodyEncodingParts,
  segment: SealedSegment,
  { collection }: BodyLabel,
): Promise<EncodedBodyObject> {
  const joined = await spool.joined(segment);
  if (joined === undefined) return { status: "poison", error: new Error("a body is damaged in the spool") };
  const { size, last } = joined;
  // Whatever its bytes are, the last piece of a body that was given up counts them, and an end counts none.
  const end = segment.counts.bytes === size ? readBodyEnd(last) : undefined;
  if (end?.size === size) {
    // Pieces are read at once, so that nothing else would have its turn.
    const open = (from?: number, to?: number): AsyncIterable<Uint8Array> =>
      yielding(joined.open(from, to), clock);
    return { status: "frozen", body: { size, sha256: end.sha256, open }, collection };
  }
  const { counts, recovered } = segment;
  const origin = recovered
    ? ({ from: "recovered" } as const)
    : ({ from: "spool", sequences: [], segment: segment.id } as const);
  emit({ kind: "dropped", reason: "closed", collection, counts, origin });
  emit({
    kind: "trouble",
    code: "BODY_NOT_ASIDE",
    reason: "aside_abandoned",
    collection,
    message: `${countOf(counts.bytes, "byte")} of a body whose end never came are not stored; no row refers to them`,
  });
  return { status: "empty" };
}
