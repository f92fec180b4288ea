import type { BatchColumn, FrameTable } from "../batch.ts";
import { type Cell, timestampCell } from "../cell.ts";
import { cutText } from "../cut-text.ts";
import { frameColumns } from "../frame-columns.ts";
import type { FrameFacts } from "../frame-facts.ts";
import { toWellFormed } from "../well-formed.ts";
import { createFloat64Builder } from "./float64-builder.ts";
import { grownCapacity } from "./grow.ts";
import { createInt64Builder } from "./int64-builder.ts";
import { createStringBuilder } from "./string-builder.ts";
import type { ValuesBuilder } from "./values-builder.ts";

/** The frames of a batch: their row counts and the system columns with a value per frame. */
export class FrameTableBuilder {
  /** Frames so far. */
  count = 0;
  private rows = new Uint32Array(64);
  private versions = new Int32Array(64);
  private readonly maxStringBytes: number;
  private readonly correlationIds: ValuesBuilder;
  private readonly eventIds: ValuesBuilder;
  private readonly eventTimes = createInt64Builder("timestamp", false);
  private readonly requestTimes = createInt64Builder("timestamp", false);
  private readonly requestIds: ValuesBuilder;
  private readonly samplingRates = createFloat64Builder();
  private readonly tags: ValuesBuilder;
  private readonly one: Cell[] = [null];

  constructor(maxStringBytes: number) {
    this.maxStringBytes = maxStringBytes;
    this.correlationIds = createStringBuilder(maxStringBytes, true);
    this.eventIds = createStringBuilder(maxStringBytes, true);
    this.requestIds = createStringBuilder(maxStringBytes, true);
    this.tags = createStringBuilder(maxStringBytes);
  }

  /** Bytes so far, about what they take in a batch. */
  get byteLength(): number {
    let bytes = this.count * 28;
    for (const texts of [this.correlationIds, this.eventIds, this.requestIds, this.tags])
      bytes += texts.byteLength;
    return bytes;
  }

  /** Appends a frame. */
  add(rows: number, facts: FrameFacts): void {
    const frame = this.count;
    this.reserve(frame + 1);
    this.rows[frame] = rows;
    this.versions[frame] = facts.configVersion;
    this.putText(this.correlationIds, facts.correlationId, frame);
    this.putText(this.eventIds, facts.eventId, frame);
    this.put(this.eventTimes, timestampCell(facts.eventTimeMs), frame);
    this.put(this.requestTimes, timestampCell(facts.requestTimeMs), frame);
    if (facts.requestId !== null) this.putText(this.requestIds, facts.requestId, frame);
    this.put(this.samplingRates, facts.samplingRate, frame);
    if (facts.tags !== null) this.putText(this.tags, facts.tags, frame);
    this.count = frame + 1;
  }

  /** All frames. Views, valid until the next change. */
  table(): FrameTable {
    const columns = this.parts().map((values, i): BatchColumn => {
      const { name, type } = frameColumns[i] as (typeof frameColumns)[number];
      if (values === undefined)
        return { name, type, validity: undefined, count: this.count, values: this.versionValues() };
      return {
        name,
        type,
        validity: values.validity(this.count),
        count: values.count,
        values: values.values(),
      };
    });
    return { rows: this.rows.subarray(0, this.count), columns };
  }

  clear(): void {
    for (const values of this.parts()) values?.clear();
    this.count = 0;
  }

  /** In the order of `frameColumns`; undefined for the config version. */
  private parts(): readonly (ValuesBuilder | undefined)[] {
    return [
      this.correlationIds,
      this.eventIds,
      this.eventTimes,
      this.requestTimes,
      this.requestIds,
      this.samplingRates,
      undefined,
      this.tags,
    ];
  }

  private versionValues(): BatchColumn["values"] {
    const data = this.versions.subarray(0, this.count);
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (const version of data) {
      if (version < min) min = version;
      if (version > max) max = version;
    }
    return { kind: "int32", data, min, max };
  }

  private putText(values: ValuesBuilder, text: string, frame: number): void {
    // These columns have no variant for a lone surrogate, and a replaced one is better than no frame.
    if (this.put(values, text, frame) !== 1)
      this.put(values, cutText(toWellFormed(text), this.maxStringBytes), frame);
  }

  private put(values: ValuesBuilder, cell: Cell, frame: number): number {
    this.one[0] = cell;
    return values.fill(this.one, 0, 1, frame);
  }

  private reserve(need: number): void {
    if (need <= this.rows.length) return;
    const capacity = grownCapacity(this.rows.length, need);
    const rows = new Uint32Array(capacity);
    rows.set(this.rows);
    this.rows = rows;
    const versions = new Int32Array(capacity);
    versions.set(this.versions);
    this.versions = versions;
  }
}
