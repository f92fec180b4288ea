import type { Batch } from "../frame/batch.ts";
import type { Schema } from "../frame/schema.ts";

/** Port: batches in, the bytes of one file out. */
export interface Encoder {
  /** The file name's ending, with the dot. */
  readonly extension: string;
  readonly contentType: string;
  /**
   * The file's bytes, in pieces, as row groups finish. A piece is good until the next one is asked for; it may be empty, when there
   * is something else to be done in between. `batches` is called once per pass over the data. Throws only for a batch that is not what `frame/batch.ts` describes.
   */
  encode(batches: () => Iterable<Batch>, options: EncodeOptions): AsyncIterable<Uint8Array>;
}

/** What the encoder is told about the file. */
export interface EncodeOptions {
  /** The pinned type of every feature column; a value of another type goes to `mdc_rejected`. */
  readonly schema: Schema;
  /** The file's identity, kept in its metadata. */
  readonly segment: string;
  /** Called once at the end with what did not fit, for `onError`. */
  readonly onRejected?: (rejected: readonly RejectedColumn[]) => void;
}

/** Cells of one column that are kept in `mdc_rejected`. */
export interface RejectedColumn {
  readonly name: string;
  /** The pinned type, as text. */
  readonly expected: string;
  /** The type that came, as text. */
  readonly got: string;
  readonly cells: number;
}
