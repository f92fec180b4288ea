import type { Values } from "../../../frame/batch.ts";
import { ByteSink } from "../bytes/byte-sink.ts";
import type { Compressor } from "../bytes/compressor.ts";
import { DeltaIntegers, type Integers } from "./delta-integers.ts";
import { valueCount } from "../piece.ts";
import { writePlain } from "./plain.ts";

/** How the values of a chunk without dictionary are laid out. */
export type ValueEncoding = "PLAIN" | "DELTA_BINARY_PACKED";

/**
 * Lays out values without dictionary, and chooses how.
 *
 * The choice is among what engines read without settings: DELTA_BINARY_PACKED since Spark 3.3 (SPARK-36879),
 * DuckDB, polars, Arrow, Trino and Velox. Left out: DELTA_BYTE_ARRAY, which would make ids a twentieth
 * smaller and twice as fast to compress, but which Velox does not read (facebookincubator/velox#10938), the
 * reader of Presto and of Spark's native engines; DELTA_LENGTH_BYTE_ARRAY, whose vectorised reader takes
 * wrong lengths in Spark 3.3 to 4.0 (SPARK-52240); and BYTE_STREAM_SPLIT, which Spark's reader knows only
 * since 2026 (SPARK-56894).
 */
export class ValueWriter {
  readonly #integers = new DeltaIntegers();
  readonly #plain = new ByteSink();
  readonly #delta = new ByteSink();

  /** About the memory that it holds. */
  get heldBytes(): number {
    return this.#integers.heldBytes + this.#plain.bytes.byteLength + this.#delta.bytes.byteLength;
  }

  /**
   * What makes a sample smaller. Delta pages are compared as they are, because bits that are packed hardly
   * compress further; PLAIN wins when there is little between them.
   */
  choose(parts: readonly Values[], compressor: Compressor): ValueEncoding {
    const kind = parts[0]?.kind;
    if (kind !== "int64" && kind !== "int32") return "PLAIN";
    const sample = sampleOf(parts);
    if (sample.reduce((sum, part) => sum + valueCount(part), 0) < minSample) return "PLAIN";
    this.#plain.reset();
    writePlain(this.#plain, sample);
    const plain = compressor.compress(this.#plain.written(), "values").length;
    this.#delta.reset();
    const encoding = this.write(this.#delta, sample, "DELTA_BINARY_PACKED");
    return encoding !== "PLAIN" && this.#delta.length < plain * worthwhile ? encoding : "PLAIN";
  }

  /**
   * Writes values, and returns how: PLAIN instead of `encoding` where that is not possible, or where there
   * are none, which some readers of delta pages do not expect.
   */
  write(sink: ByteSink, parts: readonly Values[], encoding: ValueEncoding): ValueEncoding {
    if (encoding !== "PLAIN" && parts.some((part) => valueCount(part) > 0)) {
      if (this.#integers.write(sink, parts.map(integers))) return encoding;
    }
    writePlain(sink, parts);
    return "PLAIN";
  }
}

/** So many values speak for a chunk. */
const sampleValues = 2048;
/** Of fewer values nothing is said. */
const minSample = 64;
/** What a choice must save at least to be another than PLAIN. */
const worthwhile = 0.97;

/** The first values of all. */
function sampleOf(parts: readonly Values[]): readonly Values[] {
  const sample: Values[] = [];
  let left = sampleValues;
  for (const part of parts) {
    if (left <= 0) break;
    if (part.kind !== "int64" && part.kind !== "int32") break;
    const taken = { ...part, data: part.data.subarray(0, left) } as typeof part;
    left -= taken.data.length;
    sample.push(taken);
  }
  return sample;
}

function integers(values: Values): Integers {
  if (values.kind === "int64" || values.kind === "int32") return values.data;
  throw new Error(`batch: ${values.kind} values where integers were expected`);
}
