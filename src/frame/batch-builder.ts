import type { BatchColumn, BatchHeader, SystemConstants } from "./batch.ts";
import { ColumnBuilder } from "./builders/column-builder.ts";
import { FrameTableBuilder } from "./builders/frame-table-builder.ts";
import { type ColumnType, sameType } from "../layout/column-type.ts";
import { declaredTexts } from "./declared-schema.ts";
import type { FrameFacts } from "./frame-facts.ts";
import type { Schema } from "../layout/schema.ts";
import type { Snapshot, SnapshotColumn } from "./snapshot.ts";
import { FrameProblem } from "./source-frame.ts";
import { type Allocate, encodeBatch } from "./wire/encode.ts";

export type { FrameFacts } from "./frame-facts.ts";

/** What the builder does not know of a batch's header. */
export interface FinishFacts {
  readonly collection: string;
  /** Start of the partition, milliseconds since 1970 UTC. */
  readonly partition: number;
  readonly constants: SystemConstants;
  /** Bytes as the ledger counts them. */
  readonly bytes: number;
}

/** How to build. */
export interface BatchBuilderOptions {
  /** UTF-8 bytes of one string or JSON cell; a longer one is cut (`cut-text.ts`). */
  readonly maxStringBytes: number;
  /** Where finished batches get their memory; by default each has its own, which threads can share. */
  readonly allocate?: Allocate;
}

const noTexts = declaredTexts(new Map());

/** The frame being appended. A class for the reason that a snapshot is one: see `snapshot.ts`. */
class Pending {
  readonly snapshot: Snapshot;
  readonly facts: FrameFacts;
  /** Columns that existed before it. */
  readonly columnsBefore: number;
  /** Columns of which something may have been filled in. */
  opened = 0;
  column = 0;
  row = 0;

  constructor(snapshot: Snapshot, facts: FrameFacts, columnsBefore: number) {
    this.snapshot = snapshot;
    this.facts = facts;
    this.columnsBefore = columnsBefore;
  }
}

/**
 * Fills the columns of a batch, frame after frame, in steps as small as the caller likes. All buffers are
 * reused from batch to batch.
 */
export class BatchBuilder {
  /** Rows of the complete frames. */
  rows = 0;
  readonly #maxStringBytes: number;
  readonly #allocate: Allocate | undefined;
  readonly #table: FrameTableBuilder;
  /** In order of first sight. */
  #columns: ColumnBuilder[] = [];
  #byName = new Map<string, ColumnBuilder>();
  #declared: Schema = new Map();
  #declaredTexts: BatchHeader["declared"] = noTexts;
  #pending: Pending | undefined;
  /** The builders of the last frame's columns: frames mostly repeat their names. */
  #lastNames: readonly string[] = [];
  #lastBuilders: ColumnBuilder[] = [];

  constructor({ maxStringBytes, allocate }: BatchBuilderOptions) {
    this.#maxStringBytes = maxStringBytes;
    this.#allocate = allocate;
    this.#table = new FrameTableBuilder(maxStringBytes);
  }

  /** Complete frames so far. */
  get frames(): number {
    return this.#table.count;
  }

  /** Bytes filled so far, about the size of the finished batch. */
  get byteLength(): number {
    let bytes = 512 + this.#table.byteLength;
    for (const column of this.#columns) bytes += 64 + column.name.length + column.byteLength;
    return bytes;
  }

  /** Columns that there is memory for: those so far, and those of the batch before. */
  get width(): number {
    return this.#columns.length;
  }

  /** Starts to append a frame. Throws if one is begun already. */
  begin(snapshot: Snapshot, facts: FrameFacts): void {
    if (this.#pending !== undefined) throw new Error("begin: a frame is begun already");
    if (snapshot.declared !== this.#declared) this.#adoptDeclared(snapshot.declared);
    this.#pending = new Pending(snapshot, facts, this.#columns.length);
    if (snapshot.names !== this.#lastNames) {
      this.#lastNames = snapshot.names;
      this.#lastBuilders = snapshot.names.map((name) => this.#columnBuilder(name));
    }
  }

  /**
   * Does about `cells` cells of the work; true when the frame is complete. Throws a {@link FrameProblem} when
   * the builder is larger than `maxByteLength` with it; abandon it then.
   */
  advance(cells: number, maxByteLength: number = Number.POSITIVE_INFINITY): boolean {
    const pending = this.#pending;
    if (pending === undefined) throw new Error("advance: no frame is begun");
    const { columns, rows } = pending.snapshot;
    let left = cells;
    while (pending.column < columns.length) {
      if (left <= 0) {
        this.#checkSize(maxByteLength);
        return false;
      }
      const builder = this.#lastBuilders[pending.column] as ColumnBuilder;
      const column = columns[pending.column] as (typeof columns)[number];
      const to = Math.min(rows, pending.row + left);
      const row = this.rows + pending.row;
      if (pending.opened === pending.column) {
        pending.opened++;
        builder.open();
      }
      if (isCells(column)) builder.fill(column, pending.row, to, row);
      else builder.fillNumeric(column, pending.row, to, row);
      // A column of no rows is work, too.
      left -= Math.max(1, to - pending.row);
      pending.row = to;
      if (to === rows) {
        pending.column++;
        pending.row = 0;
      }
    }
    this.#checkSize(maxByteLength);
    this.#table.add(rows, pending.facts);
    this.rows += rows;
    this.#pending = undefined;
    return true;
  }

  /** Gives up the frame that was begun; earlier frames stay as they were. */
  abandon(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    this.#table.abandon();
    for (const column of this.#lastBuilders.slice(0, pending.opened)) column.rollback(this.rows);
    for (const column of this.#columns.splice(pending.columnsBefore)) this.#byName.delete(column.name);
    this.#forgetLast();
  }

  /**
   * The batch in its wire form (`wire/layout.ts`), in memory of `allocate`. The builder is empty afterwards.
   * Throws while a frame is begun.
   */
  finish(facts: FinishFacts): Uint8Array {
    if (this.#pending !== undefined) throw new Error("finish: a frame is begun and not complete");
    const columns: BatchColumn[] = [];
    const untyped: string[] = [];
    for (const column of this.#columns) {
      if (!column.used && column.declared === undefined) continue;
      if (column.untyped) untyped.push(column.name);
      else column.collect(this.rows, columns);
    }
    const header = {
      collection: facts.collection,
      partition: facts.partition,
      frames: this.frames,
      rows: this.rows,
      bytes: facts.bytes,
      untyped,
      declared: this.#declaredTexts,
      constants: facts.constants,
    };
    const bytes = encodeBatch({ header, frames: this.#table.table(), columns }, this.#allocate);
    this.#clear();
    return bytes;
  }

  #checkSize(maxByteLength: number): void {
    if (maxByteLength === Number.POSITIVE_INFINITY || this.byteLength <= maxByteLength) return;
    throw new FrameProblem("the frame takes more than limits.maxFrameBytes: pass it in parts", "too_large");
  }

  #clear(): void {
    // A name that did not occur need not keep its buffers, else ever new names would fill the memory.
    const kept = this.#columns.filter((column) => column.used || column.declared !== undefined);
    if (kept.length < this.#columns.length) {
      this.#columns = kept;
      this.#byName = new Map(kept.map((column) => [column.name, column]));
      this.#forgetLast();
    }
    for (const column of kept) column.clear();
    this.#table.clear();
    this.rows = 0;
  }

  /** Other declared types hold from this frame on; a column that has values keeps the ones it has. */
  #adoptDeclared(declared: Schema): void {
    const before = this.#declared;
    this.#declared = declared;
    this.#declaredTexts = declaredTexts(declared);
    this.#forgetLast();
    if (sameDeclared(before, declared)) return;
    for (const [i, column] of this.#columns.entries()) {
      const type = declared.get(column.name);
      if (column.used || sameOrNone(column.declared, type)) continue;
      this.#replace(i, new ColumnBuilder(column.name, type, this.#maxStringBytes));
    }
    for (const name of declared.keys()) this.#columnBuilder(name);
  }

  #replace(index: number, column: ColumnBuilder): void {
    this.#columns[index] = column;
    this.#byName.set(column.name, column);
  }

  #columnBuilder(name: string): ColumnBuilder {
    let column = this.#byName.get(name);
    if (column === undefined) {
      column = new ColumnBuilder(name, this.#declared.get(name), this.#maxStringBytes);
      this.#byName.set(name, column);
      this.#columns.push(column);
    }
    return column;
  }

  #forgetLast(): void {
    this.#lastNames = [];
    this.#lastBuilders = [];
  }
}

/** Not `"type" in column`: that is slow for arrays, of which the engine has several kinds. */
function isCells(column: SnapshotColumn): column is Extract<SnapshotColumn, readonly unknown[]> {
  return Array.isArray(column);
}

function sameOrNone(a: ColumnType | undefined, b: ColumnType | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameType(a, b);
}

function sameDeclared(a: Schema, b: Schema): boolean {
  if (a.size !== b.size) return false;
  for (const [name, type] of a) if (!sameOrNone(b.get(name), type)) return false;
  return true;
}
