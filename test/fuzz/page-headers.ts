import { parquetMetadata } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { structEnd } from "./thrift-numbers.ts";

/** Where a page's header and body are. */
export interface PagePlace {
  readonly start: number;
  readonly end: number;
  readonly bodyEnd: number;
}

/** The pages of a file; of one that is damaged already, none. */
export function pageHeaders(bytes: Uint8Array): PagePlace[] {
  const known = cache.get(bytes);
  if (known !== undefined) return known;
  const places: PagePlace[] = [];
  cache.set(bytes, places);
  if (!wholes.has(bytes)) return places;
  const { row_groups } = parquetMetadata(bytes, { geoparquet: false });
  for (const { meta_data: meta } of row_groups.flatMap(({ columns }) => columns)) {
    if (meta === undefined) continue;
    let at = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const chunkEnd = at + Number(meta.total_compressed_size);
    while (at < chunkEnd) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const end = structEnd(bytes, at, bytes.length);
      const { compressed_page_size } = parquetHeader({ view, offset: at });
      places.push({ start: at, end, bodyEnd: end + compressed_page_size });
      at = end + compressed_page_size;
    }
  }
  return places;
}

const cache = new WeakMap<Uint8Array, PagePlace[]>();
const wholes = new WeakSet<Uint8Array>();

/** Says that a file is whole, so that its pages can be looked for. */
export function markWhole(bytes: Uint8Array): void {
  wholes.add(bytes);
}
