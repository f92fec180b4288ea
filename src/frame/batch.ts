import type { ColumnType } from "../layout/column-type.ts";

/**
 * A batch: many frames of one collection and one partition as columns of plain bytes. It is the product's one
 * representation of data: `BatchBuilder` fills it on the caller's thread, `wire.ts` lays it into one
 * transferable buffer, the spool keeps that buffer as a record, and the encoder's pages are made of its
 * bytes.
 *
 * Values are *dense*: a null takes no slot, as in a Parquet page. `validity` says which rows have a value.
 *
 * A name can occur several times with different types ("variants"): the builder keeps each value under its
 * own natural type and decides nothing. Which type a column has is pinned once per collection, by the schema
 * registry, just before encoding; values of other variants then go to `mdc_rejected`. The pseudo-type
 * `rejected` is the variant of what no column can hold exactly (a string with a lone surrogate, an invalid
 * Date, a bigint beyond 64 bits): its values are JSON texts.
 */
export interface Batch {
  /** Facts shared by all frames of the batch. */
  readonly header: BatchHeader;
  /** One entry per frame. */
  readonly frames: FrameTable;
  /** Feature columns; a row that a column has no value for is null. */
  readonly columns: readonly BatchColumn[];
}

/** Facts shared by all frames of a batch. Plain data: becomes JSON in the wire form. */
export interface BatchHeader {
  readonly collection: string;
  /** Start of the partition, milliseconds since 1970 UTC. */
  readonly partition: number;
  readonly frames: number;
  readonly rows: number;
  /** Bytes as the ledger counts them. */
  readonly bytes: number;
  /** Names of columns of which only nulls were seen, so that they have no type yet. */
  readonly untyped: readonly string[];
  /** The types the user declared, as texts of `declaredTexts`. */
  readonly declared: Readonly<Record<string, string>>;
  /** Facts of the process and the deployment at the time: `mdc_endpoint`, `mdc_model_version`, … */
  readonly constants: SystemConstants;
}

/** System columns whose value is the same in a whole batch. */
export interface SystemConstants {
  readonly source: string;
  readonly endpoint: string | null;
  readonly deployment: string | null;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly instanceId: string | null;
  readonly agent: string;
  /**
   * There if its rows are profiled: the JSON text of a list of the columns, in lower case, of which no value
   * is to be kept. It is no column.
   */
  readonly profiled?: string;
}

/** The frames of a batch, one entry each, in order of `collect`. */
export interface FrameTable {
  /** Rows of each frame; their sum is `header.rows`. A frame can have none. */
  readonly rows: Uint32Array;
  /**
   * The system columns that differ from frame to frame, a value per *frame* (the encoder repeats it for the
   * frame's rows), named as they are stored, always all of them, in the order of `frame-columns.ts`.
   */
  readonly columns: readonly BatchColumn[];
}

/** The values of one column under one type. */
export interface BatchColumn {
  readonly name: string;
  readonly type: ColumnType | "rejected";
  /** Bit per row, least significant first, 1 = has a value; undefined when every row has one. */
  readonly validity: Uint8Array | undefined;
  /** How many rows have a value. */
  readonly count: number;
  readonly values: Values;
}

/** Dense values: only of the rows that have one. */
export type Values =
  /**
   * float64, int64, timestamp (microseconds UTC), int32; with the least and greatest value, NaN left out.
   * When that leaves none, the least is above the greatest.
   */
  | { readonly kind: "float64"; readonly data: Float64Array; readonly min: number; readonly max: number }
  | { readonly kind: "int64"; readonly data: BigInt64Array; readonly min: bigint; readonly max: bigint }
  | { readonly kind: "int32"; readonly data: Int32Array; readonly min: number; readonly max: number }
  /** boolean: a byte per value, 0 or 1. */
  | { readonly kind: "boolean"; readonly data: Uint8Array }
  /**
   * string, json, binary, rejected: each value as a little-endian uint32 length, then its bytes (Parquet's
   * PLAIN).
   */
  | { readonly kind: "bytes"; readonly count: number; readonly data: Uint8Array }
  /** string with few distinct values: `codes[i]` is the index of the i-th value in `dictionary`. */
  | {
      readonly kind: "dictionary";
      readonly codes: Uint32Array;
      readonly dictionary: { readonly count: number; readonly data: Uint8Array };
    }
  /** list: `lengths[i]` elements of the i-th list; elements dense in turn. */
  | { readonly kind: "list"; readonly lengths: Uint32Array; readonly elements: ListElements };

/** The elements of all lists of a column, one after another. */
export interface ListElements {
  /** Elements in all, nulls included. */
  readonly total: number;
  /** Bit per element, 1 = has a value; undefined when every element has one. */
  readonly validity: Uint8Array | undefined;
  readonly count: number;
  readonly values: Values;
}
