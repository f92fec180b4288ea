import type { Values } from "../../../frame/batch.ts";
import type { ScalarType } from "../../../layout/column-type.ts";
import type { NestedLeaf, NestedNode } from "./nested-type.ts";

/** A row, or a struct: values by name. What it lacks is null. */
export type NestedRow = Readonly<Record<string, unknown>>;

/** The entries of one leaf in some rows. */
export class LeafEntries {
  readonly leaf: NestedLeaf;
  readonly definition: number[] = [];
  readonly repetition: number[] = [];
  /** Only where the definition level is the greatest. */
  readonly values: unknown[] = [];
  /** About what the values take. */
  bytes = 0;

  constructor(leaf: NestedLeaf) {
    this.leaf = leaf;
  }

  add(definition: number, repetition: number, value: unknown): void {
    this.definition.push(definition);
    this.repetition.push(repetition);
    if (definition < this.leaf.maxDefinition) return;
    this.values.push(value);
    this.bytes += typeof value === "string" ? value.length + 4 : 8;
  }
}

/**
 * Rows taken apart into the entries of leaves. A map is an object whose own keys are its keys, a list an
 * array.
 */
export class ShreddedRows {
  readonly leaves: readonly LeafEntries[];
  length = 0;
  readonly #names: readonly string[];
  readonly #nodes: readonly NestedNode[];

  constructor(names: readonly string[], nodes: readonly NestedNode[], leaves: readonly NestedLeaf[]) {
    this.#names = names;
    this.#nodes = nodes;
    this.leaves = leaves.map((leaf) => new LeafEntries(leaf));
  }

  /** About what the values take. */
  get bytes(): number {
    return this.leaves.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  add(row: NestedRow): void {
    this.#nodes.forEach((node, i) => this.#shred(node, row[this.#names[i] as string], 0, 0));
    this.length++;
  }

  #shred(node: NestedNode, value: unknown, definition: number, repetition: number): void {
    if (value === null || value === undefined) return this.#none(node, definition, repetition);
    switch (node.kind) {
      case "leaf":
        this.#entries(node.leaf).add(definition + 1, repetition, value);
        return;
      case "struct":
        for (const { name, node: field } of node.fields)
          this.#shred(field, (value as NestedRow)[name], definition + 1, repetition);
        return;
      case "repeated": {
        const { key } = node;
        const items: readonly (readonly [unknown, unknown])[] =
          key === undefined
            ? (value as readonly unknown[]).map((item) => [undefined, item])
            : Object.entries(value);
        if (items.length === 0) return this.#none(node, definition + 1, repetition);
        items.forEach(([name, item], i) => {
          const level = i === 0 ? repetition : node.repetition;
          if (key?.kind === "leaf") this.#entries(key.leaf).add(definition + 2, level, name);
          this.#shred(node.element, item, definition + 2, level);
        });
      }
    }
  }

  /** One entry of each leaf below, that says how far it is there. */
  #none(node: NestedNode, definition: number, repetition: number): void {
    if (node.kind === "leaf") this.#entries(node.leaf).add(definition, repetition, undefined);
    else if (node.kind === "struct")
      for (const { node: field } of node.fields) this.#none(field, definition, repetition);
    else {
      if (node.key !== undefined) this.#none(node.key, definition, repetition);
      this.#none(node.element, definition, repetition);
    }
  }

  #entries({ index }: NestedLeaf): LeafEntries {
    return this.leaves[index] as LeafEntries;
  }
}

/** Values of one type as pages are made of. Throws for one that the type cannot hold. */
export function denseValues(scalar: ScalarType, values: readonly unknown[], where: string): Values {
  const wrong = (): Error => new Error(`column ${where}: a value is no ${scalar}`);
  switch (scalar) {
    case "float64":
    case "int32": {
      const data = scalar === "int32" ? new Int32Array(values.length) : new Float64Array(values.length);
      values.forEach((value, i) => {
        data[i] = value as number;
        if (typeof value !== "number" || (scalar === "int32" && data[i] !== value)) throw wrong();
      });
      return { kind: scalar, data, min: 0, max: 0 } as Values;
    }
    case "int64":
    case "timestamp": {
      const data = BigInt64Array.from(values, (value) => {
        if (typeof value === "bigint") return value;
        if (typeof value !== "number" || !Number.isSafeInteger(value)) throw wrong();
        return BigInt(value);
      });
      return { kind: "int64", data, min: 0n, max: 0n };
    }
    case "boolean":
      return {
        kind: "boolean",
        data: Uint8Array.from(values, (value) => {
          if (typeof value !== "boolean") throw wrong();
          return value ? 1 : 0;
        }),
      };
    default:
      return { kind: "bytes", count: values.length, data: prefixed(values, wrong) };
  }
}

/** Each value as a little-endian uint32 length, then its bytes. */
function prefixed(values: readonly unknown[], wrong: () => Error): Uint8Array {
  const parts = values.map((value) => {
    if (typeof value === "string") return Buffer.from(value);
    if (value instanceof Uint8Array) return value;
    throw wrong();
  });
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 4, 0));
  const view = new DataView(data.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length, true);
    data.set(part, at + 4);
    at += part.length + 4;
  }
  return data;
}
