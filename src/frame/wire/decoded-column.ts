import type { BatchColumn, Values } from "../batch.ts";
import type { ColumnType } from "../../layout/column-type.ts";

/*
 * What `decode.ts` makes of a record: classes, and no object literals. V8 notices that what is made there
 * lives for a while, allocates further literals of the same place among its old objects, and then collects
 * those again and again.
 */

/** Which rows have a value, and the values. */
export class DecodedContent {
  readonly validity: Uint8Array | undefined;
  readonly count: number;
  readonly values: Values;

  constructor(validity: Uint8Array | undefined, count: number, values: Values) {
    this.validity = validity;
    this.count = count;
    this.values = values;
  }
}

/** A column of a batch. */
export class DecodedColumn implements BatchColumn {
  readonly name: string;
  readonly type: ColumnType | "rejected";
  readonly validity: Uint8Array | undefined;
  readonly count: number;
  readonly values: Values;

  constructor(name: string, type: ColumnType | "rejected", { validity, count, values }: DecodedContent) {
    this.name = name;
    this.type = type;
    this.validity = validity;
    this.count = count;
    this.values = values;
  }
}

/** Values of a number type, with the least and the greatest. */
export class Numbers<K extends "float64" | "int64" | "int32", D, B> {
  readonly kind: K;
  readonly data: D;
  readonly min: B;
  readonly max: B;

  constructor(kind: K, data: D, min: B, max: B) {
    this.kind = kind;
    this.data = data;
    this.min = min;
    this.max = max;
  }
}

/** Codes into a dictionary. */
export class Codes {
  readonly kind = "dictionary";
  readonly codes: Uint32Array;
  readonly dictionary: Dictionary;

  constructor(codes: Uint32Array, dictionary: Dictionary) {
    this.codes = codes;
    this.dictionary = dictionary;
  }
}

/** Distinct texts, each behind its length. */
export class Dictionary {
  readonly count: number;
  readonly data: Uint8Array;

  constructor(count: number, data: Uint8Array) {
    this.count = count;
    this.data = data;
  }
}

/** Texts or bytes, each behind its length. */
export class Texts {
  readonly kind = "bytes";
  readonly count: number;
  readonly data: Uint8Array;

  constructor(count: number, data: Uint8Array) {
    this.count = count;
    this.data = data;
  }
}

/** A column of texts that no row has one of; `none` are no bytes of the batch. */
export function withoutTexts(name: string, rows: number, none: Uint8Array): DecodedColumn {
  const validity = new Uint8Array(Math.ceil(rows / 8));
  return new DecodedColumn(name, "string", new DecodedContent(validity, 0, new Texts(0, none)));
}
