import * as flechette from "@uwdata/flechette";
import * as arrow from "apache-arrow";
import type fc from "fast-check";

/**
 * Every type of Arrow with values of it, the buffers that hold them, and what each value is stored as.
 * Buffers are laid out here from the columnar format's specification, so that neither the libraries' builders
 * nor ours are part of what is compared.
 */
export interface Kind {
  readonly name: string;
  /** Undefined where the library has no such type. */
  readonly arrow: arrow.DataType | undefined;
  readonly flechette: flechette.DataType;
  readonly value: fc.Arbitrary<unknown>;
  /** Some value. */
  readonly filler: unknown;
  /** Buffers of these values; a null has none. */
  lay(values: readonly unknown[]): Layout;
  /** `[type, value]` of a cell at top level, as `frame-support.ts` shows it; null for null. */
  cell(value: unknown): readonly [string, unknown] | null;
  /** The value inside JSON. */
  json(value: unknown): string;
  /** Of a list of it: the scalar type, `null` when no element has a value, `json` when it becomes JSON. */
  readonly element: string;
}

/** The buffers of an Arrow array. */
export interface Layout {
  readonly length: number;
  readonly valid?: readonly boolean[];
  readonly values?: Bytes;
  readonly offsets?: Int32Array | BigInt64Array;
  readonly sizes?: Int32Array | BigInt64Array;
  readonly typeIds?: Int8Array;
  readonly buffers?: readonly Uint8Array[];
  readonly children?: readonly {
    readonly kind: Kind;
    readonly values: readonly unknown[];
    readonly raw?: Layout;
  }[];
  readonly dictionary?: { readonly kind: Kind; readonly values: readonly unknown[] };
}

/** A buffer. */
export type Bytes = Exclude<NodeJS.TypedArray, Uint8ClampedArray>;

/** True for null. */
export const isNull = (value: unknown): boolean => value === null;

/** A bit for each, least significant first. */
export function bitmap(valid: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array((valid.length + 7) >> 3);
  valid.forEach((set, i) => {
    if (set) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  });
  return bits;
}

/** How many slots stand before and behind what is looked at, at every level: as in a slice. */
export interface Padding {
  readonly before: number;
  readonly after: number;
}

/** An apache-arrow chunk of `values`, which is a slice when there is padding. */
export function arrowData(kind: Kind, values: readonly unknown[], { before, after }: Padding): arrow.Data {
  const all = [...fill(kind, before), ...values, ...fill(kind, after)];
  const { length, valid, values: data, offsets, typeIds, buffers, children, dictionary } = kind.lay(all);
  const chunk = new arrow.Data(
    kind.arrow as arrow.DataType,
    0,
    length,
    kind.name === "null" ? length : valid === undefined ? 0 : -1,
    [offsets, data, valid && bitmap(valid), typeIds] as never,
    children?.map((child) => arrowData(child.kind, child.values, { before, after })) as never,
    dictionary &&
      (new arrow.Vector([arrowData(dictionary.kind, dictionary.values, { before: 0, after: 0 })]) as never),
    buffers as never,
  );
  return before + after === 0 ? chunk : chunk.slice(before, values.length);
}

/** A flechette batch of `values`. */
export function flechetteBatch(
  kind: Kind,
  values: readonly unknown[],
  given?: Layout,
): flechette.Batch<unknown> {
  const layout = given ?? kind.lay(values);
  const { length, valid, values: data, offsets, sizes, typeIds, buffers, children, dictionary } = layout;
  const BatchOf = flechette.batchType(kind.flechette as never) as unknown as new (
    options: object,
  ) => flechette.Batch<unknown> & { dictionary?: unknown };
  const batch = new BatchOf({
    length,
    nullCount: kind.name === "null" ? length : (valid?.filter((set) => !set).length ?? 0),
    type: kind.flechette,
    validity: valid && bitmap(valid),
    // Of three-part intervals flechette has the bytes.
    values: kind.name === "interval 2" ? new Uint8Array((data as Bytes).buffer) : data,
    offsets,
    sizes,
    typeIds,
    data: buffers,
    children: children?.map((child) => flechetteBatch(child.kind, child.values, child.raw)),
  });
  if (dictionary !== undefined) {
    // Not setDictionary, which reads all entries at once, and refuses great integers.
    batch.dictionary = new flechette.Column([flechetteBatch(dictionary.kind, dictionary.values)]);
  }
  return batch;
}

function fill(kind: Kind, count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => (i % 2 === 0 ? kind.filler : null));
}
