import { ByteSink } from "../bytes/byte-sink.ts";
import type { ChunkContext } from "../column-chunk.ts";
import { type ByteSpan, encodeFooter, type FooterFacts } from "../footer.ts";
import { magic } from "../format.ts";
import { encodeColumnIndex, encodeOffsetIndex } from "../page-index.ts";

/**
 * Writes what stands after the row groups of a file: page indexes if any column has more pages than one,
 * footer.
 */
export function* writeFileEnd({ output, header }: ChunkContext, facts: FooterFacts): Iterable<Uint8Array> {
  const append = (bytes: Uint8Array): ByteSpan => {
    const offset = output.position;
    output.write(bytes);
    return { offset, length: bytes.length };
  };
  const chunks = facts.rowGroups.flatMap((group) => group.chunks);
  // Of one page the footer tells the same. All chunks or none: some readers use no index unless each has
  // one.
  if (chunks.some(({ chunk }) => chunk.pages.pages.length > 1)) {
    for (const placed of chunks) {
      const index = encodeColumnIndex(placed.chunk, header);
      placed.columnIndex = index === undefined ? undefined : append(index);
      yield* output.take();
    }
    for (const placed of chunks) {
      placed.offsetIndex = append(encodeOffsetIndex(placed.chunk, header));
      yield* output.take();
    }
  }
  const footer = encodeFooter(facts);
  const tail = new ByteSink(8);
  tail.u32(footer.length);
  tail.put(magic);
  output.write(footer);
  output.write(tail.written());
  yield* output.take(true);
}
