import { crc32 } from "../../base/checksum.ts";
import type { ByteSink } from "./bytes/byte-sink.ts";
import { type Compressor, type PageContent, noCompressor } from "./bytes/compressor.ts";
import { type Extent, ownExtent } from "./extent.ts";
import { type Codec, type Encoding, encodings, pageTypes } from "./format.ts";
import type { Output } from "./output.ts";
import { ThriftWriter } from "./bytes/thrift.ts";

/** A data page that was written. */
export interface Page {
  /** Where its header begins in the file. */
  readonly offset: number;
  /** Bytes with its header, compressed. */
  readonly size: number;
  readonly rows: number;
  /** Levels or, without levels, values. */
  readonly entries: number;
  readonly nulls: number;
  readonly extent: Extent;
  readonly encoding: Encoding;
}

/** What a page is told about its body. */
export type PageStatistics = Omit<Page, "offset" | "size">;

/** What pages are written with. */
export interface PageContext {
  readonly output: Output;
  readonly compressor: Compressor;
  /** A buffer for page headers, used again for every one. */
  readonly header: ByteSink;
}

/**
 * Writes the pages of one column chunk: header (`PageHeader` in parquet.thrift), then the body, compressed.
 * The codec belongs to the chunk, so it is settled by its first page: if that does not shrink, all stay as
 * they are.
 */
export class PageWriter {
  readonly pages: Page[] = [];
  readonly start: number;
  dictionaryOffset: number | undefined;
  /** Bytes of all pages with headers, before and after compression. */
  uncompressedBytes = 0;
  compressedBytes = 0;
  readonly #output: Output;
  readonly #header: ThriftWriter;
  readonly #expectedBytes: number;
  readonly #content: PageContent;
  #compressor: Compressor;

  /** `expectedBytes`: about the size of all bodies together. */
  constructor({ output, compressor, header }: PageContext, expectedBytes: number, content: PageContent) {
    this.#output = output;
    this.#compressor = expectedBytes < minCompressedBytes ? noCompressor : compressor;
    this.#expectedBytes = expectedBytes;
    this.#header = new ThriftWriter(header);
    this.#content = content;
    this.start = output.position;
  }

  get codec(): Codec {
    return this.#compressor.codec;
  }

  writeDictionary(body: Uint8Array, values: number): void {
    this.dictionaryOffset = this.#output.position;
    this.#write(body, pageTypes.DICTIONARY_PAGE, (header) =>
      header.struct(7, () => {
        header.i32(1, values);
        header.i32(2, encodings.PLAIN);
      }),
    );
  }

  writeData(body: ByteSink, facts: PageStatistics): Page {
    const offset = this.#output.position;
    this.#write(body.written(), pageTypes.DATA_PAGE, (header) =>
      header.struct(5, () => {
        header.i32(1, facts.entries);
        header.i32(2, encodings[facts.encoding]);
        header.i32(3, encodings.RLE);
        header.i32(4, encodings.RLE);
      }),
    );
    const extent = ownExtent(facts.extent);
    const page = { ...facts, extent, offset, size: this.#output.position - offset };
    this.pages.push(page);
    return page;
  }

  #write(body: Uint8Array, type: number, specific: (header: ThriftWriter) => void): void {
    const stored = this.#compress(body, type);
    const storedBytes = stored.length;
    const header = this.#header;
    header.sink.reset();
    header.structElement(() => {
      header.i32(1, type);
      header.i32(2, body.length);
      header.i32(3, storedBytes);
      header.bits32(4, crc32(stored));
      specific(header);
    });
    this.#output.write(header.sink.written());
    this.#output.write(stored);
    this.compressedBytes += header.sink.length + storedBytes;
    this.uncompressedBytes += header.sink.length + body.length;
  }

  #compress(body: Uint8Array, type: number): Uint8Array {
    const stored = this.#compressor.compress(body, this.#content);
    const first = this.compressedBytes === 0;
    const typical =
      type === pageTypes.DATA_PAGE && body.length >= Math.min(this.#expectedBytes / 2, typicalBytes);
    if (!first || !typical || stored.length < body.length * worthwhile) return stored;
    this.#compressor = noCompressor;
    return body;
  }
}

/** In a chunk below this many bytes there is nothing to gain. */
const minCompressedBytes = 64;
/** A first page of this size speaks for the chunk. */
const typicalBytes = 64 * 1024;
/** Pages that compress to more than this share are not worth the time of reading them. */
const worthwhile = 0.97;
