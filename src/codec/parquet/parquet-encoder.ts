import { wrongValue } from "../../base/errors.ts";
import { ownJson } from "../../base/own-json.ts";
import type { Batch } from "../../frame/batch.ts";
import { type ColumnType, sameType, typeText } from "../../layout/column-type.ts";
import { Conforming } from "../../frame/conform/conform.ts";
import type { Schema } from "../../layout/schema.ts";
import type { EncodeOptions, Encoder } from "../encoder.ts";
import { type ChunkContext, createChunkContext, heldBytes } from "./column-chunk.ts";
import { type Compressor, createZstdCompressor, noCompressor } from "./bytes/compressor.ts";
import { fileNotes } from "./file-notes.ts";
import { type FileBatch, FileWriter } from "./file-writer.ts";
import { RejectedReport } from "../rejected-report.ts";

/** Settings of {@link createParquetEncoder}. */
export interface ParquetEncoderOptions {
  /** Default `zstd`. A column that zstd does not shrink is left uncompressed either way. */
  readonly compression?: "zstd" | "none";
  /** zstd level, 1 to 19. Default 1: level 3 takes nearly twice the time for less than 1 %. */
  readonly level?: number;
  /**
   * A row group is closed before it would have more rows than this; it has whole batches. Default 122,880.
   */
  readonly rowGroupRows?: number;
  /**
   * A row group is closed before its batches would be larger than this, or have 150,000 columns together.
   * Default 128 MiB.
   */
  readonly rowGroupBytes?: number;
  /**
   * A page is closed before it would be larger than this, uncompressed. Default 256 KiB: zstd makes 3 % less
   * of it than of 1 MiB in the same time, and a look-up by page index reads a quarter.
   */
  readonly pageBytes?: number;
  /** `created_by` in the footer. Default: from the first batch's agent. */
  readonly createdBy?: string;
}

/**
 * An encoder of Parquet files. A batch must stay unchanged until the next one but one row group is asked for;
 * it holds the batches of one row group, and its output no longer than it takes to hand it on.
 */
export function createParquetEncoder(options: ParquetEncoderOptions = {}): Encoder {
  return new ParquetEncoder(options);
}

class ParquetEncoder implements Encoder {
  readonly contentType = "application/vnd.apache.parquet";
  /** Of zstd; undefined: pages are left as they are. */
  readonly #level: number | undefined;
  /** Made with the first file, which comes a minute after the first frame, or never. */
  #compressor: Compressor | undefined;
  readonly #rowGroupRows: number;
  readonly #rowGroupBytes: number;
  readonly #pageBytes: number;
  readonly #createdBy: string | undefined;
  /**
   * That of the last file, for the next one: what its buffers take as garbage would make V8 collect at every
   * file.
   */
  #idle: ChunkContext | undefined;

  constructor(options: ParquetEncoderOptions) {
    const { compression = "zstd" } = options;
    if (compression !== "zstd" && compression !== "none") {
      throw wrongValue("compression", '"zstd" or "none"', compression);
    }
    const level = whole("level", options.level ?? 1, 1, 19);
    this.#level = compression === "none" ? undefined : level;
    this.#rowGroupRows = whole("rowGroupRows", options.rowGroupRows ?? 122_880, 1, 2 ** 31 - 1);
    this.#rowGroupBytes = whole("rowGroupBytes", options.rowGroupBytes ?? 128 * 1024 * 1024, 1, 2 ** 31 - 1);
    this.#pageBytes = whole("pageBytes", options.pageBytes ?? 256 * 1024, 1, 2 ** 30);
    this.#createdBy = options.createdBy;
  }

  async *encode(batches: () => Iterable<Batch>, options: EncodeOptions): AsyncIterable<Uint8Array> {
    this.#compressor ??= this.#level === undefined ? noCompressor : createZstdCompressor(this.#level);
    const context = this.#idle ?? createChunkContext(this.#compressor, this.#pageBytes);
    this.#idle = undefined;
    try {
      yield* this.#file(batches, options, context);
    } finally {
      if (heldBytes(context) <= maxKeptBytes) this.#idle = context;
    }
  }

  *#file(
    batches: () => Iterable<Batch>,
    options: EncodeOptions,
    context: ChunkContext,
  ): Generator<Uint8Array, void, undefined> {
    const file = new FileWriter(options.schema, context);
    const wanted = [...options.schema];
    const untyped = new Set<string>();
    const rejected = new RejectedReport();
    let agent: string | undefined;
    let group: FileBatch[] = [];
    let rows = 0;
    let bytes = 0;
    let columns = 0;
    for (const batch of batches()) {
      agent ??= batch.header.constants.agent;
      for (const name of batch.header.untyped) if (!options.schema.has(name)) untyped.add(name);
      if (batch.header.rows === 0) continue;
      checkFrames(batch);
      const size = batchBytes(batch);
      if (
        group.length > 0 &&
        (rows + batch.header.rows > this.#rowGroupRows ||
          bytes + size > this.#rowGroupBytes ||
          columns + batch.columns.length > maxGroupColumns)
      ) {
        yield* file.rowGroup(group);
        group = [];
        rows = bytes = columns = 0;
      }
      if (conforms(batch, wanted)) group.push({ batch, columns: batch.columns, rejected: undefined });
      else {
        const conforming = new Conforming(batch, options.schema);
        while (!conforming.advance()) yield nothing;
        const conformed = conforming.result();
        rejected.add(conformed.report);
        group.push({ batch, columns: conformed.columns, rejected: conformed.rejected });
      }
      rows += batch.header.rows;
      bytes += size;
      columns += batch.columns.length;
      yield nothing;
    }
    if (group.length > 0) yield* file.rowGroup(group);
    yield* file.end(
      {
        [fileNotes.schema]: ownJson(schemaTexts(options.schema)),
        [fileNotes.sdk]: agent ?? "",
        [fileNotes.segment]: options.segment,
        [fileNotes.untyped]: ownJson([...untyped]),
        ...calendar,
      },
      this.#createdBy ?? createdBy(agent),
    );
    const report = rejected.columns();
    if (report.length > 0) options.onRejected?.(report);
    const ids = file.idRange();
    if (ids !== undefined) options.onIds?.(ids);
  }
}

const nothing = new Uint8Array(0);
/**
 * A row group is closed before its batches would have more columns together: each is some hundred bytes of
 * V8's heap, however few its values are.
 */
const maxGroupColumns = 150_000;
/**
 * How Spark 3 knows in which calendar instants are: those of files without this key it refuses where one is
 * before 1900 (`DataSourceUtils.datetimeRebaseSpec`), as `0001-01-01`, a common way to say "none", is. From
 * this version on Spark writes the proleptic Gregorian calendar in UTC, which is Parquet's, and ours. Spark
 * and its kin alone read the key; who wrote the file says `created_by`.
 */
const calendar = { "org.apache.spark.version": "3.0.0" };

/** Buffers that grew beyond this are not kept for the next file. */
const maxKeptBytes = 16 * 1024 * 1024;

/** Whether a batch has exactly the schema's columns, as nearly all have. */
function conforms({ columns }: Batch, schema: readonly (readonly [string, ColumnType])[]): boolean {
  return (
    columns.length === schema.length &&
    columns.every(({ name, type }, index) => {
      const [pinned, pinnedType] = schema[index]!;
      return name === pinned && type !== "rejected" && sameType(type, pinnedType);
    })
  );
}

function schemaTexts(schema: Schema): Record<string, string> {
  return Object.fromEntries([...schema].map(([name, type]) => [name, typeText(type)]));
}

function checkFrames(batch: Batch): void {
  const counts = batch.frames.rows;
  let rows = 0;
  for (let i = 0; i < counts.length; i++) rows += counts[i]!;
  if (rows !== batch.header.rows) {
    throw new Error(`batch: its frames have ${rows} rows, its header says ${batch.header.rows}`);
  }
}

/** About how much memory a batch holds. */
function batchBytes(batch: Batch): number {
  let bytes = 0;
  for (const { values, validity } of batch.columns) {
    bytes += validity?.byteLength ?? 0;
    const leaf = values.kind === "list" ? values.elements.values : values;
    if (values.kind === "list") bytes += values.lengths.byteLength;
    if (leaf.kind === "dictionary") bytes += leaf.codes.byteLength + leaf.dictionary.data.byteLength;
    else if (leaf.kind !== "list") bytes += leaf.data.byteLength;
  }
  return bytes;
}

/**
 * `model-data-collector/1.2.0 node/22` as `model-data-collector version 1.2.0`, the form Parquet readers look
 * for.
 */
function createdBy(agent: string | undefined): string {
  const [name, version] = /^([^/\s]+)\/(\S+)/.exec(agent ?? "")?.slice(1) ?? [];
  return `${name ?? "model-data-collector"} version ${version ?? "0.0.0"}`;
}

function whole(where: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw wrongValue(where, `a whole number from ${min} to ${max}`, value);
  }
  return value;
}
