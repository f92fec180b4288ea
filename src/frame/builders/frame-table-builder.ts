import type { BatchColumn, FrameTable, Values } from "../batch.ts";
import { cutText } from "../copy/cut-text.ts";
import { frameColumns } from "../frame-columns.ts";
import type { SystemColumnKey } from "../../layout/system-columns.ts";
import type { FrameFacts } from "../frame-facts.ts";
import { toWellFormed } from "../../base/well-formed.ts";
import type { Cell } from "../cell.ts";
import { grownCapacity, isOversized } from "./grow.ts";
import { Int64Values, maxExactMs } from "./int64-values.ts";
import { PlainValues } from "./plain-values.ts";
import { createStringBuilder } from "./string-builder.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/**
 * The frames of a batch: their row counts and the system columns with a value per frame. Every frame has most
 * of these values, so they go straight into their buffers, not through the builders of columns that may hold
 * anything.
 */
export class FrameTableBuilder {
  /** Frames so far. */
  count = 0;
  /** True from the start of an append to its end. */
  #begun = false;
  #rows = new Uint32Array(64);
  #versions = new Int32Array(64);
  #rates = new Float64Array(64);
  readonly #maxStringBytes: number;
  readonly #correlationIds = new PlainValues();
  readonly #eventIds = new PlainValues();
  readonly #eventTimes = new Int64Values();
  readonly #requestTimes = new Int64Values();
  readonly #requestIds: ValuesBuilder;
  readonly #clientRequestIds: ValuesBuilder;
  readonly #tags: ValuesBuilder;
  readonly #one: Cell[] = [null];

  constructor(maxStringBytes: number) {
    this.#maxStringBytes = maxStringBytes;
    this.#requestIds = createStringBuilder(maxStringBytes, true);
    this.#clientRequestIds = createStringBuilder(maxStringBytes, true);
    this.#tags = createStringBuilder(maxStringBytes);
  }

  /** Bytes so far, about what they take in a batch. */
  get byteLength(): number {
    const texts = this.#correlationIds.size + this.#eventIds.size;
    const requestIds = this.#requestIds.byteLength + this.#clientRequestIds.byteLength;
    return this.count * 28 + texts + requestIds + this.#tags.byteLength;
  }

  /**
   * Appends a frame. Whatever it throws, the frames before are as they were once
   * {@link FrameTableBuilder.abandon} was called.
   */
  add(rows: number, facts: FrameFacts): void {
    const frame = this.count;
    this.#begun = true;
    this.#reserve(frame + 1);
    this.#rows[frame] = rows;
    this.#versions[frame] = facts.configVersion;
    this.#rates[frame] = facts.samplingRate;
    this.#putText(this.#correlationIds, facts.correlationId);
    this.#putText(this.#eventIds, facts.eventId);
    putInstant(this.#eventTimes, frame, facts.eventTimeMs);
    putInstant(this.#requestTimes, frame, facts.requestTimeMs);
    const { requestId, clientRequestId, tags } = facts;
    if (requestId !== null) this.#putOptional(this.#requestIds, requestId, frame);
    if (clientRequestId !== null) this.#putOptional(this.#clientRequestIds, clientRequestId, frame);
    if (tags !== null) this.#putOptional(this.#tags, tags, frame);
    this.count = frame + 1;
    this.#begun = false;
  }

  /** Forgets a frame that could not be appended whole: some of its columns may have it already. */
  abandon(): void {
    if (!this.#begun) return;
    this.#begun = false;
    this.#correlationIds.truncate(this.count);
    this.#eventIds.truncate(this.count);
    this.#eventTimes.truncate(this.count);
    this.#requestTimes.truncate(this.count);
    this.#requestIds.truncate(this.count);
    this.#clientRequestIds.truncate(this.count);
    this.#tags.truncate(this.count);
  }

  /** All frames. Views, valid until the next change. */
  table(): FrameTable {
    const { count } = this;
    const all = (values: Values): Omit<BatchColumn, "name" | "type"> => ({
      validity: undefined,
      count,
      values,
    });
    const some = (texts: ValuesBuilder): Omit<BatchColumn, "name" | "type"> => ({
      validity: texts.validity(count),
      count: texts.count,
      values: texts.values(),
    });
    const parts: Record<SystemColumnKey<"frame">, Omit<BatchColumn, "name" | "type">> = {
      correlationId: all({ kind: "bytes", count, data: this.#correlationIds.view() }),
      eventId: all({ kind: "bytes", count, data: this.#eventIds.view() }),
      eventTime: all(this.#eventTimes.values(count)),
      requestTime: all(this.#requestTimes.values(count)),
      requestId: some(this.#requestIds),
      clientRequestId: some(this.#clientRequestIds),
      samplingRate: all({ kind: "float64", ...withRange(this.#rates.subarray(0, count)) }),
      configVersion: all({ kind: "int32", ...withRange(this.#versions.subarray(0, count)) }),
      tags: some(this.#tags),
    };
    const columns = frameColumns.map(({ key, name, type }): BatchColumn => ({ name, type, ...parts[key] }));
    return { rows: this.#rows.subarray(0, count), columns };
  }

  clear(): void {
    const { count } = this;
    if (isOversized(this.#rates.byteLength, count * 8)) {
      this.#rows = new Uint32Array(64);
      this.#versions = new Int32Array(64);
      this.#rates = new Float64Array(64);
    }
    this.#correlationIds.clear();
    this.#eventIds.clear();
    this.#eventTimes.clear(count);
    this.#requestTimes.clear(count);
    this.#requestIds.clear();
    this.#clientRequestIds.clear();
    this.#tags.clear();
    this.count = 0;
  }

  #putText(values: PlainValues, text: string): void {
    if (!values.putText(cutText(text, this.#maxStringBytes))) values.putText(this.#mended(text));
  }

  #putOptional(values: ValuesBuilder, text: string, frame: number): void {
    this.#one[0] = text;
    if (values.fill(this.#one, 0, 1, frame) === 1) return;
    this.#one[0] = this.#mended(text);
    values.fill(this.#one, 0, 1, frame);
  }

  /** These columns have no variant for a lone surrogate, and a replaced one is better than no frame. */
  #mended(text: string): string {
    return cutText(toWellFormed(text), this.#maxStringBytes);
  }

  #reserve(need: number): void {
    this.#eventTimes.reserve(need, this.count);
    this.#requestTimes.reserve(need, this.count);
    if (need <= this.#rows.length) return;
    const capacity = grownCapacity(this.#rows.length, need);
    this.#rows = grown(this.#rows, new Uint32Array(capacity));
    this.#versions = grown(this.#versions, new Int32Array(capacity));
    this.#rates = grown(this.#rates, new Float64Array(capacity));
  }
}

/** An instant in milliseconds as microseconds. */
function putInstant(values: Int64Values, index: number, ms: number): void {
  if (Math.abs(ms) <= maxExactMs) values.putNumber(index, ms * 1000);
  else values.putBig(index, BigInt(ms) * 1000n);
}

function grown<Numbers extends Uint32Array | Int32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}

/** NaN is no least or greatest value. */
function withRange<Numbers extends Int32Array | Float64Array>(
  data: Numbers,
): { data: Numbers; min: number; max: number } {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { data, min, max };
}
