import type { ByteSink } from "./bytes/byte-sink.ts";
import type { Chunk } from "./column-chunk.ts";
import { compareScalars, type Extent, storeExtent } from "./extent.ts";
import { boundaryOrders } from "./format.ts";
import { ThriftWriter } from "./bytes/thrift.ts";

/**
 * The page index (PageIndex.md): per column chunk a `ColumnIndex`, the bounds of its pages, and an
 * `OffsetIndex`, where they are. A reader finds the pages that can hold a value without reading the others.
 */

/**
 * The `ColumnIndex`, or undefined when a page with values has no bounds: there is no way to say so for one
 * page. It is in `sink`, whose content is lost.
 */
export function encodeColumnIndex(chunk: Chunk, sink: ByteSink): Uint8Array | undefined {
  const { leaf } = chunk;
  const { pages } = chunk.pages;
  const bounds = pages.map((page) => storeExtent(page.extent, leaf.physical, leaf.text));
  if (pages.some((page, i) => page.extent !== "none" && bounds[i] === undefined)) return undefined;
  sink.reset();
  const thrift = new ThriftWriter(sink);
  thrift.structElement(() => {
    thrift.list(1, "boolean", pages.length);
    for (const page of pages) thrift.booleanElement(page.extent === "none");
    thrift.list(2, "binary", pages.length);
    for (const bound of bounds) thrift.binaryElement(bound?.min ?? nothing);
    thrift.list(3, "binary", pages.length);
    for (const bound of bounds) thrift.binaryElement(bound?.max ?? nothing);
    thrift.i32(4, boundaryOrders[orderOf(pages.map((page) => page.extent))]);
    thrift.list(5, "i64", pages.length);
    for (const page of pages) thrift.integerElement(page.nulls);
  });
  return thrift.sink.written();
}

/** The `OffsetIndex`, in `sink` as well. */
export function encodeOffsetIndex(chunk: Chunk, sink: ByteSink): Uint8Array {
  const { pages } = chunk.pages;
  sink.reset();
  const thrift = new ThriftWriter(sink);
  let firstRow = 0;
  thrift.structElement(() => {
    thrift.list(1, "struct", pages.length);
    for (const page of pages) {
      thrift.structElement(() => {
        thrift.i64(1, page.offset);
        thrift.i32(2, page.size);
        thrift.i64(3, firstRow);
      });
      firstRow += page.rows;
    }
  });
  return thrift.sink.written();
}

const nothing = new Uint8Array(0);

/** Whether both the least and the greatest values of the pages rise or fall; pages of nulls do not count. */
function orderOf(extents: readonly Extent[]): keyof typeof boundaryOrders {
  const known = extents.filter((extent) => typeof extent === "object");
  let rising = true;
  let falling = true;
  for (let i = 1; i < known.length; i++) {
    const min = compareScalars(known[i]!.min, known[i - 1]!.min);
    const max = compareScalars(known[i]!.max, known[i - 1]!.max);
    if (min < 0 || max < 0) rising = false;
    if (min > 0 || max > 0) falling = false;
  }
  return rising ? "ASCENDING" : falling ? "DESCENDING" : "UNORDERED";
}
