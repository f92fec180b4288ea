import type { StoredPage } from "./stored-page.ts";

/** Longer pages seldom have the same bytes, and take longer to be decoded than to be asked for. */
const maxStoredBytes = 256;
/** A few bytes may decompress to very many, which nobody wants to keep. */
const maxBytes = 16 * 1024;

/**
 * What was made of the last page of a column, for the next one that has the same bytes: of small files of one
 * collection, most columns of the system have one value, file after file. What is made must not be changed.
 */
export class LastPage<Made> {
  #page: StoredPage | undefined;
  #codec = "";
  #made: Made | undefined;

  /** Undefined where the page is another one. */
  find(page: StoredPage, codec: string): Made | undefined {
    const last = this.#page;
    return last !== undefined && codec === this.#codec && isSame(last, page) ? this.#made : undefined;
  }

  keep(page: StoredPage, codec: string, made: Made): void {
    const { stored, header } = page;
    if (stored.length > maxStoredBytes || header.uncompressed_page_size > maxBytes) return;
    // What is made of these may be the file's own bytes, which are somebody else's to change.
    if (codec === "UNCOMPRESSED") return;
    // A copy: with a part of it, all of a file would be kept.
    this.#page = { ...page, stored: new Uint8Array(stored) };
    this.#codec = codec;
    this.#made = made;
  }
}

function isSame(one: StoredPage, other: StoredPage): boolean {
  return (
    one.stored.length === other.stored.length &&
    one.values === other.values &&
    one.header.type === other.header.type &&
    one.header.crc === other.header.crc &&
    one.header.uncompressed_page_size === other.header.uncompressed_page_size &&
    // Of version 2 none is: it has levels that are not compressed, and their lengths in the header.
    one.header.data_page_header_v2 === undefined &&
    other.header.data_page_header_v2 === undefined &&
    Buffer.compare(one.stored, other.stored) === 0
  );
}
