import { errorKind } from "../base/errors.ts";
import { countOf } from "../base/plural.ts";
import { ColumnCopier, type SnapshotColumn } from "./copy/column-copier.ts";
import { NamesCache } from "../layout/column-names.ts";
import { LastingRoom, type NumberChunk, NumberRoom } from "./copy/number-room.ts";
import { openFrame } from "./open-frame.ts";
import type { Redaction } from "./copy/redaction.ts";
import type { Schema } from "../layout/schema.ts";
import { checkShape, FrameProblem, frameTooLarge, type SourceFrame } from "./source-frame.ts";
import { rowHashColumn } from "../layout/system-columns.ts";
import { rowHashes } from "./copy/row-hash.ts";
import { stringOverhead } from "./copy/copy-value.ts";
import { countRows } from "./copy/count-rows.ts";

export type { SnapshotColumn } from "./copy/column-copier.ts";

/** A frame as it was when it was passed: nobody else can change it. */
export interface Snapshot {
  readonly names: readonly string[];
  /** A column per name. */
  readonly columns: readonly SnapshotColumn[];
  readonly rows: number;
  /** About the bytes of what it holds, as the ledger counts them. */
  readonly bytes: number;
  /**
   * About the bytes of memory that it takes until it is in a batch, with all that holds it: never less, for
   * `limits.maxMemoryBytes`.
   */
  readonly memory: number;
  /** Declared types, of these columns and of others. */
  readonly declared: Schema;
  /**
   * Nobody reads the columns any more: what they take may be used for the next frame. Optional, and at most
   * once.
   */
  release(): void;
}

/** A snapshot, or why the frame cannot be stored. */
export type SnapshotResult =
  | { readonly status: "ok"; readonly snapshot: Snapshot }
  | { readonly status: "dropped"; readonly reason: "invalid" | "too_large"; readonly error: Error };

/** How to take snapshots. */
export interface SnapshotOptions {
  readonly limits: {
    /** Bytes that one snapshot may hold. */
    readonly maxFrameBytes: number;
    readonly maxFrameRows: number;
    readonly maxFrameColumns: number;
  };
  /** What to do with columns before anything of them is copied; nothing by default. */
  readonly redaction?: Redaction;
  /** Declared types; none by default. */
  readonly declared?: Schema;
  /**
   * What of the frame's columns is kept: all (`full`, the default), none (`metadata`), or a digest of each
   * row (`hash`), with `hashKey` if there is one.
   */
  readonly policy?: "full" | "metadata" | "hash";
  readonly hashKey?: string | undefined;
}

const nothingDeclared: Schema = new Map();
/**
 * What a frame that waits takes beside its cells: its own objects, its place in the queue and its context;
 * and for each column an array. Measured on Node 24 (`test/host/memory-bound.test.ts` measures the
 * whole): 350 and 50 to 190 bytes.
 */
const frameOverhead = 512;
const columnOverhead = 192;

const goodNames = new NamesCache();
const numberRoom = new NumberRoom();
const lastingRoom = new LastingRoom();

/**
 * Copies a frame, whatever kind it is of (`open-frame.ts`). Values that are primitives are copied by slicing
 * their arrays; objects become JSON text at once. Never throws, whatever a getter, a Proxy or a redactor
 * does.
 *
 * @param lasting true for a frame that may lie for long before it is put into a batch.
 */
export function takeSnapshot(frame: unknown, options: SnapshotOptions, lasting = false): SnapshotResult {
  try {
    const source = openFrame(frame, options.limits);
    const keepsNothing = options.policy === "metadata";
    return {
      status: "ok",
      snapshot: keepsNothing
        ? framedRows(frame, source, options)
        : copyFrame(source, options, lasting ? lastingRoom : numberRoom),
    };
  } catch (thrown) {
    return dropped(thrown, options);
  }
}

function dropped(thrown: unknown, options: SnapshotOptions): SnapshotResult {
  if (thrown === frameTooLarge) {
    const bound = `the ${options.limits.maxFrameBytes} bytes of limits.maxFrameBytes`;
    const error = new FrameProblem(`the frame takes more than ${bound}: pass it in parts`, "too_large");
    return { status: "dropped", reason: "too_large", error };
  }
  const error = problemOf(thrown);
  return { status: "dropped", reason: error.reason, error };
}

/** Our own problem, or one that says of the caller's error only its kind: its text may hold data. */
function problemOf(thrown: unknown): FrameProblem {
  try {
    if (thrown instanceof FrameProblem) return thrown;
  } catch {
    // A thrown Proxy need not even say what it is.
  }
  return new FrameProblem(`the frame cannot be read: it throws ${errorKind(thrown)}`);
}

function copyFrame(source: SourceFrame, options: SnapshotOptions, room: NumberRoom): Snapshot {
  const { limits, redaction, declared } = options;
  const checked = goodNames.check(source.names);
  if ("problem" in checked) throw new FrameProblem(checked.problem);
  const copier = new ColumnCopier(source, limits, room);
  // Every cell takes a byte at least, so this needs no look at any.
  if (source.rows * checked.length > limits.maxFrameBytes) throw frameTooLarge;
  let names = checked;
  let columns: SnapshotColumn[];
  if (redaction === undefined || redaction.size === 0) {
    // An array of the right length, all of which is replaced. Not `[]` or `new Array`: see CopiedFrame.
    columns = Array.from<unknown>(names) as SnapshotColumn[];
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const column = source.column(i, limits.maxFrameBytes - copier.bytes);
      columns[i] = copier.copy(column, name, declared?.get(name));
    }
  } else {
    const kept = copyRedacted(source, checked, copier, redaction, options);
    columns = kept.columns;
    names = kept.names;
  }
  const rows = Math.max(0, copier.rows);
  if (rows > 0 && checked.length === 0) {
    throw new FrameProblem(
      `the frame has ${countOf(rows, "row")} and no columns: pass rows with at least one property`,
    );
  }
  if (options.policy === "hash") return hashedFrame(names, columns, rows, copier, options.hashKey);
  const memory = frameOverhead + columnOverhead * columns.length + copier.bytes + copier.overhead;
  return new CopiedFrame(
    names,
    columns,
    rows,
    copier.bytes,
    memory,
    declared ?? nothingDeclared,
    copier.chunk,
  );
}

/** The columns that a redaction leaves, as it leaves them. */
function copyRedacted(
  source: SourceFrame,
  all: readonly string[],
  copier: ColumnCopier,
  redaction: Redaction,
  { limits, declared }: SnapshotOptions,
): { readonly names: string[]; readonly columns: SnapshotColumn[] } {
  const columns: SnapshotColumn[] = [];
  const names: string[] = [];
  for (let i = 0; i < all.length; i++) {
    const name = all[i] as string;
    const redactor = redaction.get(name.toLowerCase())?.redactor;
    if (redactor === "drop") continue;
    names.push(name);
    const column = source.column(i, limits.maxFrameBytes - copier.bytes);
    const type = declared?.get(name);
    const redacted = redactor === undefined ? column : copier.redact(column, name, redactor, type);
    columns.push(copier.copy(redacted, name, type));
  }
  return { names, columns };
}

/** A frame of which nothing is kept but how many rows it has; no value of it is read. */
function framedRows(frame: unknown, { rows: told }: SourceFrame, { limits }: SnapshotOptions): Snapshot {
  const rows = told >= 0 ? told : countRows(frame);
  checkShape(rows, 0, limits);
  return new CopiedFrame(noNames, [], rows, 0, frameOverhead, nothingDeclared, undefined);
}

/** A frame of which each row's digest is kept. */
function hashedFrame(
  names: readonly string[],
  columns: readonly SnapshotColumn[],
  rows: number,
  { chunk }: ColumnCopier,
  key: string | undefined,
): Snapshot {
  const hashes = rowHashes(names, columns, rows, key);
  const bytes = rows * hashLength;
  const memory = frameOverhead + columnOverhead + rows * (2 * hashLength + stringOverhead);
  return new CopiedFrame(hashNames, [hashes], rows, bytes, memory, nothingDeclared, chunk);
}

// Always the same: whoever gathers frames looks up the columns of other names only.
const noNames: readonly string[] = Object.freeze([]);
const hashNames: readonly string[] = Object.freeze([rowHashColumn]);
/** Hex digits of a SHA-256. */
const hashLength = 64;

/**
 * A class, not a literal. Once many of the objects that one literal made have lived for a while, because
 * calls came faster than the drain for a moment, the engine makes all further ones old ("allocation site
 * pretenuring"). An old snapshot, even a dead one, keeps its young columns alive, so the engine never learns
 * better, and every scavenge copies all that was collected.
 */
class CopiedFrame implements Snapshot {
  readonly names: readonly string[];
  readonly columns: readonly SnapshotColumn[];
  readonly rows: number;
  readonly bytes: number;
  readonly memory: number;
  readonly declared: Schema;
  #chunk: NumberChunk | undefined;

  constructor(
    names: readonly string[],
    columns: readonly SnapshotColumn[],
    rows: number,
    bytes: number,
    memory: number,
    declared: Schema,
    chunk: NumberChunk | undefined,
  ) {
    this.names = names;
    this.columns = columns;
    this.rows = rows;
    this.bytes = bytes;
    this.memory = memory;
    this.declared = declared;
    this.#chunk = chunk;
  }

  release(): void {
    const chunk = this.#chunk;
    this.#chunk = undefined;
    chunk?.room.giveBack(chunk);
  }
}
