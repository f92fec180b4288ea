import type { RejectedColumn } from "../frame/conform/column-fitter.ts";
import type { Batch } from "../frame/batch.ts";
import type { FileFormat, Format } from "../layout/format.ts";
import type { IdRange } from "../layout/filter/id-range.ts";
import type { Schema } from "../layout/schema.ts";

/** Port: batches in, the bytes of one file out. */
export interface Encoder {
  readonly contentType: string;
  /**
   * The file's bytes, in pieces, as row groups finish. A piece is good until the next one is asked for; it
   * may be empty, when there is something else to be done in between. `batches` is called once per pass over
   * the data. Throws only for a batch that is not what `frame/batch.ts` describes.
   */
  encode(batches: () => Iterable<Batch>, options: EncodeOptions): AsyncIterable<Uint8Array>;
  /**
   * The objects that an encoding is delivered as, which were told apart only by marks within its bytes.
   * Without this method it is one object, the file. `reference` is how the file refers to the object beside
   * it that has this number.
   */
  unpack?(body: EncodedBody, reference: (number: number) => string): Promise<UnpackedBody>;
  /**
   * The frames of an encoding that is no file: each is sent by itself. With this method no types are pinned,
   * and `EncodeOptions.schema` has what a segment says of itself. Throws if the body is damaged.
   */
  frames?(body: EncodedBody): Promise<EncodedFrames>;
}

/** Frames in the order of `collect`, numbered from 0. */
export interface EncodedFrames {
  readonly count: number;
  /** One that there is. */
  read(number: number): Promise<EncodedFrame>;
}

/** One frame as it is sent. */
export interface EncodedFrame {
  /** By name; values are Latin-1. */
  readonly headers: Readonly<Record<string, string>>;
  readonly rows: number;
  /** Bytes of the body. */
  readonly size: number;
  /** The body. A piece is good until the next one is asked for. */
  open(): AsyncIterable<Uint8Array>;
}

/** An encoder for each format of files, and for what is sent by frames if anything is. */
export type Encoders = Readonly<Record<FileFormat, Encoder> & Partial<Record<Format, Encoder>>>;

/** Throws if there is none. */
export function encoderOf(encoders: Encoders, format: string): Encoder {
  const encoder = encoders[format as Format];
  if (encoder === undefined) throw new Error(`nothing encodes the format ${format} here`);
  return encoder;
}

/** All bytes of an encoding, in order, wherever they were kept meanwhile. */
export interface EncodedBody {
  readonly size: number;
  /**
   * Bytes from `start`, default 0, to `end`, default all. A piece is good until the next one is asked for.
   */
  open(start?: number, end?: number): AsyncIterable<Uint8Array>;
}

/**
 * A file, and the objects beside it that it refers to, numbered from 0. These have to be there before the
 * file is.
 */
export interface UnpackedBody {
  readonly file: EncodedBody;
  readonly beside: readonly EncodedBody[];
}

/** What the encoder is told about the file. */
export interface EncodeOptions {
  /** The pinned type of every feature column; a value of another type goes to `mdc_rejected`. */
  readonly schema: Schema;
  /** The file's identity, kept in its metadata. */
  readonly segment: string;
  /** Called once at the end with what did not fit, for `onError`. */
  readonly onRejected?: (rejected: readonly RejectedColumn[]) => void;
  /**
   * Called once at the end, by encoders of text, with the columns of undeclared doubles in which every number
   * was whole: readers that take a column's type from the text of its numbers will not take them for
   * integers.
   */
  readonly onWholeNumbers?: (columns: readonly string[]) => void;
  /** Called once at the end with the bounds of the correlation ids, by encoders of files that have rows. */
  readonly onIds?: (ids: IdRange) => void;
}
