import type { Batch, BatchColumn, Values } from "../../frame/batch.ts";
import { declaredKeys } from "../../frame/declared-schema.ts";
import type { IdRange } from "../../layout/filter/id-range.ts";
import type { Schema } from "../../layout/schema.ts";
import { schemaFingerprint } from "../../layout/schema.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import { valuesFilter } from "./bloom-filter.ts";
import { type Chunk, type ChunkContext, writeChunk, writeRunChunk } from "./column-chunk.ts";
import { type Extent, type Scalar, union } from "./extent.ts";
import { fileNotes } from "./file-notes.ts";
import type { ByteSpan, PlacedChunk, WrittenRowGroup } from "./footer.ts";
import { magic } from "./format.ts";
import { type Leaf, leafOf } from "./leaf.ts";
import type { Output } from "./output.ts";
import { leafValues, type Piece } from "./piece.ts";
import { writeFileEnd } from "./tables/file-end.ts";
import {
  batchRuns,
  frameColumn,
  framePiece,
  frameRuns,
  rowIndexes,
  type SystemLeaf,
  systemLeaves,
} from "./system-columns.ts";

/** A batch whose feature columns have the pinned types. */
export interface FileBatch {
  readonly batch: Batch;
  /** At most one of each name of the schema; a column that is not there is null in all rows. */
  readonly columns: readonly BatchColumn[];
  readonly rejected: BatchColumn | undefined;
}

/**
 * Writes one Parquet file (README.md, "File format"):
 *
 *     PAR1
 * row group… per column: dictionary page?, data pages; then the Bloom filters of mdc_correlation_id and keys
 *     column indexes, offset indexes    if any column has more than one page
 *     footer, its length (uint32), PAR1
 *
 * The bytes come out in pieces, column by column; only the batches of one row group and the facts for the
 * footer are kept. Nothing but the batches and the settings has a part in them: the same input makes the same
 * file.
 */
export class FileWriter {
  readonly #fingerprint: string;
  readonly #features: readonly Leaf[];
  readonly #output: Output;
  readonly #context: ChunkContext;
  readonly #rowGroups: WrittenRowGroup[] = [];
  #rows = 0;

  /** `context`: nobody else uses it until the file is written. */
  constructor(schema: Schema, context: ChunkContext) {
    this.#fingerprint = schemaFingerprint(schema);
    this.#features = [...schema].map(([name, type]) => leafOf(name, type, true));
    this.#context = context;
    this.#output = context.output;
    this.#output.reset();
    this.#output.write(magic);
  }

  /** Writes the batches, which must have rows, as one row group. */
  *rowGroup(batches: readonly FileBatch[]): Iterable<Uint8Array> {
    const chunks: PlacedChunk[] = [];
    const group = new Group(batches);
    for (const column of systemLeaves) {
      chunks.push(this.#place(this.#systemChunk(column, group)));
      yield* this.#output.take();
    }
    for (const leaf of this.#features) {
      chunks.push(this.#place(writeChunk(leaf, group.pieces(leaf.name), this.#context)));
      yield* this.#output.take();
    }
    // Bloom filters stand after all pages, so that a column's pages and the next's are one range.
    const ids = group.batches.map((batch) => frameColumn(batch, idColumn).values);
    this.#addFilter(chunks, idIndex, ids);
    const keys = group.keys();
    for (const [i, { name }] of this.#features.entries()) {
      if (!keys.has(name)) continue;
      const values = group.pieces(name).map(leafValues);
      this.#addFilter(chunks, systemLeaves.length + i, values);
    }
    this.#rows += group.rows;
    this.#rowGroups.push({ rows: group.rows, chunks });
    yield* this.#output.take();
  }

  /** Writes what stands after the row groups. */
  *end(keyValues: Readonly<Record<string, string>>, createdBy: string): Iterable<Uint8Array> {
    yield* writeFileEnd(this.#context, {
      leaves: [...systemLeaves.map((column) => column.leaf), ...this.#features],
      rows: this.#rows,
      rowGroups: this.#rowGroups,
      keyValues: Object.entries({ [fileNotes.fingerprint]: this.#fingerprint, ...keyValues }),
      createdBy,
    });
  }

  /** Bounds of all correlation ids so far; undefined if there is none. */
  idRange(): IdRange | undefined {
    const extents = this.#rowGroups.map(({ chunks }): Extent => chunks[idIndex]?.chunk.extent ?? "unknown");
    const all = extents.reduce(union, "none");
    if (typeof all === "string") return undefined;
    return { first: textOf(all.min), last: textOf(all.max) };
  }

  #systemChunk({ leaf, origin }: SystemLeaf, { files, batches, repeats }: Group): Chunk {
    const context = this.#context;
    switch (origin.from) {
      case "batch":
        batchRuns(context.runs, leaf, batches, (batch) => origin.text(batch, this.#fingerprint));
        return writeRunChunk(leaf, context);
      case "frame": {
        if (!repeats) {
          const pieces = batches.map((batch) => framePiece(leaf, batch));
          return writeChunk(leaf, pieces, context);
        }
        frameRuns(context.runs, leaf, batches);
        return writeRunChunk(leaf, context);
      }
      case "row": {
        const { pieces, coded } = rowIndexes(batches, context.scratch);
        return writeChunk(leaf, pieces, context, coded);
      }
      case "rejected":
        return writeChunk(
          leaf,
          files.map(({ batch, rejected }) => pieceOf(batch.header.rows, rejected)),
          context,
        );
    }
  }

  #addFilter(chunks: PlacedChunk[], index: number, values: readonly (Values | undefined)[]): void {
    const placed = chunks[index];
    const filter = valuesFilter(values.filter((one) => one !== undefined));
    if (placed !== undefined && filter !== undefined)
      chunks[index] = { ...placed, bloomFilter: this.#append(filter) };
  }

  #place(chunk: Chunk): PlacedChunk {
    return { chunk, bloomFilter: undefined, columnIndex: undefined, offsetIndex: undefined };
  }

  #append(bytes: Uint8Array): ByteSpan {
    const offset = this.#output.position;
    this.#output.write(bytes);
    return { offset, length: bytes.length };
  }
}

/** The batches of a row group. */
class Group {
  readonly files: readonly FileBatch[];
  readonly batches: readonly Batch[];
  /** Whether frames have two rows or more on average, so that a value per frame is worth a dictionary. */
  readonly repeats: boolean;
  readonly rows: number;
  readonly #features = new Map<string, Feature>();

  constructor(files: readonly FileBatch[]) {
    this.files = files;
    this.batches = files.map(({ batch }) => batch);
    this.repeats = framesRepeat(this.batches);
    let start = 0;
    for (const { batch, columns } of files) {
      const { rows } = batch.header;
      for (const column of columns) this.#add(column, start, rows);
      start += rows;
    }
    this.rows = start;
  }

  /** All rows of one column. */
  pieces(name: string): readonly Piece[] {
    const { pieces, rows } = this.#features.get(name) ?? { pieces: [], rows: 0 };
    return rows < this.rows ? [...pieces, pieceOf(this.rows - rows, undefined)] : pieces;
  }

  /** The columns that a batch declares to be keys. */
  keys(): ReadonlySet<string> {
    return new Set(this.batches.flatMap(({ header }) => declaredKeys(header.declared)));
  }

  #add(column: BatchColumn, start: number, rows: number): void {
    let feature = this.#features.get(column.name);
    if (feature === undefined) {
      feature = { pieces: [], rows: 0 };
      this.#features.set(column.name, feature);
    }
    if (start > feature.rows) feature.pieces.push(pieceOf(start - feature.rows, undefined));
    feature.pieces.push(pieceOf(rows, column));
    feature.rows = start + rows;
  }
}

/**
 * A column so far. Batches that do not have it, one after another, are one piece: what a row group costs is
 * then what its batches hold, not columns times batches.
 */
interface Feature {
  readonly pieces: Piece[];
  rows: number;
}

function pieceOf(rows: number, column: BatchColumn | undefined): Piece {
  return { rows, column, measured: true };
}

function framesRepeat(batches: readonly Batch[]): boolean {
  let frames = 0;
  let rows = 0;
  for (const batch of batches) {
    rows += batch.header.rows;
    const counts = batch.frames.rows;
    for (let i = 0; i < counts.length; i++) if (counts[i]! > 0) frames++;
  }
  return frames * 2 <= rows;
}

function textOf(bound: Scalar): string {
  return bound instanceof Uint8Array ? Buffer.from(bound).toString("utf8") : String(bound);
}

const idColumn = systemColumns.correlationId.name;
const idIndex = systemLeaves.findIndex(({ leaf }) => leaf.name === idColumn);
