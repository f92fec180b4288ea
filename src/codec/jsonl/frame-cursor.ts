import type { Batch } from "../../frame/batch.ts";
import { CellCursor } from "../../frame/conform/cell-cursor.ts";
import { type SystemColumn, systemColumns } from "../../layout/system-columns.ts";

/** What a record says of its frame. */
export interface FrameOfRecord {
  readonly eventId: string;
  readonly correlationId: string;
  /** Microseconds since 1970 UTC, like the request's. */
  readonly eventTime: bigint;
  readonly requestTime: bigint;
  readonly requestId: string | undefined;
  readonly clientRequestId: string | undefined;
  readonly samplingRate: number;
  readonly tags: string | undefined;
}

/** Walks over the frames of a batch. */
export class FrameCursor {
  readonly #eventId: CellCursor;
  readonly #correlationId: CellCursor;
  readonly #eventTime: CellCursor;
  readonly #requestTime: CellCursor;
  readonly #requestId: CellCursor;
  readonly #clientRequestId: CellCursor;
  readonly #samplingRate: CellCursor;
  readonly #tags: CellCursor;

  constructor(batch: Batch) {
    const of = ({ name }: SystemColumn): CellCursor => {
      const column = batch.frames.columns.find((one) => one.name === name);
      if (column === undefined) throw new Error(`batch: frame column ${name} is missing`);
      return new CellCursor(column);
    };
    this.#eventId = of(systemColumns.eventId);
    this.#correlationId = of(systemColumns.correlationId);
    this.#eventTime = of(systemColumns.eventTime);
    this.#requestTime = of(systemColumns.requestTime);
    this.#requestId = of(systemColumns.requestId);
    this.#clientRequestId = of(systemColumns.clientRequestId);
    this.#samplingRate = of(systemColumns.samplingRate);
    this.#tags = of(systemColumns.tags);
  }

  next(): FrameOfRecord {
    return {
      eventId: next(this.#eventId) as string,
      correlationId: next(this.#correlationId) as string,
      eventTime: next(this.#eventTime) as bigint,
      requestTime: next(this.#requestTime) as bigint,
      requestId: next(this.#requestId) as string | undefined,
      clientRequestId: next(this.#clientRequestId) as string | undefined,
      samplingRate: next(this.#samplingRate) as number,
      tags: next(this.#tags) as string | undefined,
    };
  }
}

function next(cursor: CellCursor): unknown {
  return cursor.next() ? cursor.cell() : undefined;
}
