import { CollectorError } from "../base/errors.ts";
import { errorCode, systemFileSystem } from "../base/files/file-system.ts";
import { CellCursor } from "../frame/conform/cell-cursor.ts";
import { decodeBatch } from "../frame/wire/decode.ts";
import type { Batch } from "../frame/batch.ts";
import type { Row } from "../layout/row.ts";
import { systemColumns } from "../layout/system-columns.ts";
import { isData, parseLabel, type SegmentLabel } from "../pipeline/segment-label.ts";
import { readRecords } from "../spool/segment/segment-file-reader.ts";
import { listSpooledFiles } from "../spool/spooled-files.ts";

/** A frame that is safe on disk and not delivered yet. */
export interface SpooledFrame {
  readonly collection: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly correlationId: string;
  readonly eventId: string;
  readonly eventTime: Date;
  readonly requestTime: Date;
  /** As they were collected: which type a column has is decided when they are delivered. */
  readonly rows: readonly Row[];
}

/** Which frames to read. */
export interface SpooledFramesOptions {
  /** Of which segments. */
  readonly of: (label: SegmentLabel) => boolean;
  /** Only those of this request. */
  readonly correlationId?: string;
  /**
   * How far each segment was read, by its id: frames up to there are passed by, and it is moved on. Whoever
   * follows a spool keeps it.
   */
  readonly progress?: Map<string, number>;
}

/**
 * The frames in a spool's folder, of all processes, open segments included; quarantine apart. Nothing is
 * taken over or held up: what is delivered meanwhile is left out, and what is being written is not read yet.
 */
export function* spooledFrames(
  directory: string,
  { of, correlationId, progress }: SpooledFramesOptions,
): Generator<SpooledFrame, void, undefined> {
  for (const { path, id, label } of listSpooledFiles({ directory })) {
    const parsed = parsedLabel(label);
    if (parsed === undefined || !isData(parsed) || !of(parsed)) continue;
    let read = progress?.get(id) ?? -1;
    try {
      let place = -1;
      for (const { bytes } of readRecords(systemFileSystem, path)) {
        if (++place <= read) continue;
        read = place;
        progress?.set(id, read);
        yield* framesOf(bytes, parsed, correlationId);
      }
    } catch (thrown) {
      // Delivered meanwhile; or no batch that this version knows, which delivery quarantines.
      const isGone = errorCode(thrown) === "ENOENT";
      if (!isGone && !(thrown instanceof CollectorError && thrown.code === "CORRUPT")) throw thrown;
    }
  }
}

function parsedLabel(label: string | undefined): SegmentLabel | undefined {
  try {
    return label === undefined ? undefined : parseLabel(label);
  } catch {
    return undefined;
  }
}

function* framesOf(
  bytes: Uint8Array,
  { endpoint, deployment, collection }: SegmentLabel,
  correlationId: string | undefined,
): Generator<SpooledFrame, void, undefined> {
  const batch = decodeBatch(bytes);
  const fact = (name: string): CellCursor => {
    const column = batch.frames.columns.find((one) => one.name === name);
    if (column === undefined) throw new CollectorError("CORRUPT", `not a batch: ${name} is missing`);
    return new CellCursor(column);
  };
  const [id, event, eventTime, requestTime] = [
    fact(systemColumns.correlationId.name),
    fact(systemColumns.eventId.name),
    fact(systemColumns.eventTime.name),
    fact(systemColumns.requestTime.name),
  ] as const;
  const columns = columnsOf(batch);
  for (const rows of batch.frames.rows) {
    const facts = [valueOf(id), valueOf(event), valueOf(eventTime), valueOf(requestTime)] as const;
    const isWanted = correlationId === undefined || facts[0] === correlationId;
    // Cursors move over what is not wanted, too.
    const values = Array.from({ length: rows }, () => rowOf(columns));
    if (!isWanted) continue;
    yield {
      ...{ endpoint, deployment, collection },
      correlationId: String(facts[0]),
      eventId: String(facts[1]),
      eventTime: facts[2] as Date,
      requestTime: facts[3] as Date,
      rows: values,
    };
  }
}

/** A column's variants by its name, in their order. */
function columnsOf(batch: Batch): Map<string, CellCursor[]> {
  const columns = new Map<string, CellCursor[]>();
  for (const column of batch.columns) {
    const known = columns.get(column.name);
    if (known === undefined) columns.set(column.name, [new CellCursor(column)]);
    else known.push(new CellCursor(column));
  }
  for (const name of batch.header.untyped) if (!columns.has(name)) columns.set(name, []);
  return columns;
}

function rowOf(columns: ReadonlyMap<string, readonly CellCursor[]>): Row {
  const cells = Array.from(columns, ([name, variants]) => {
    let value: unknown = null;
    for (const variant of variants) value = valueOf(variant) ?? value;
    return [name, value] as const;
  });
  return Object.fromEntries(cells);
}

/** The next value, as a `Row` has it; null if there is none. */
function valueOf(cursor: CellCursor): unknown {
  if (!cursor.next()) return null;
  const { items, type } = cursor;
  if (items !== undefined) return Array.from({ length: cursor.length }, () => valueOf(items));
  const cell = cursor.cell();
  if (type === "timestamp") return new Date(Math.floor(Number(cell) / 1_000));
  return cell instanceof Uint8Array ? new Uint8Array(cell) : cell;
}
