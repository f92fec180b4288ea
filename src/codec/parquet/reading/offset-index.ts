import { readOffsetIndex } from "hyparquet";
import type { ColumnChunk } from "./metadata.ts";
import { skimStruct } from "./thrift-skim.ts";

/** Where a page is, and its first row in its row group. */
export interface PagePlace {
  readonly start: number;
  readonly end: number;
  readonly firstRow: number;
}

/**
 * The places of a chunk's pages of values, as its offset index has them, and refuses what cannot be true of
 * them.
 */
export function pagePlaces(bytes: Uint8Array, chunk: ColumnChunk, groupRows: number): PagePlace[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  skimStruct(view, 0);
  const { start, end } = chunkExtent(chunk);
  let [at, row] = [start, -1];
  const places = readOffsetIndex({ view, offset: 0 }).page_locations.map((location): PagePlace => {
    const place = {
      start: Number(location.offset),
      end: Number(location.offset) + location.compressed_page_size,
      firstRow: Number(location.first_row_index),
    };
    const sound = place.start >= at && place.end > place.start && place.end <= end;
    // A page of a repeated column may begin within a row only where no page index is written.
    if (
      !sound ||
      !(place.firstRow > row && place.firstRow < groupRows) ||
      (row < 0 && place.firstRow !== 0)
    ) {
      throw new Error("its page index names pages that cannot be there");
    }
    [at, row] = [place.end, place.firstRow];
    return place;
  });
  if (places.length === 0) throw new Error("its page index names no pages");
  return places;
}

/** Where a chunk's pages are in its file; checked with the footer. */
export function chunkExtent({ dictionaryAt, pagesAt, compressedBytes }: ColumnChunk): {
  readonly start: number;
  readonly end: number;
} {
  const start = dictionaryAt || pagesAt;
  return { start, end: start + compressedBytes };
}
