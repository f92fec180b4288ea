import { countBits } from "../../base/bitmap.ts";
import { CollectorError } from "../../base/errors.ts";
import type { Batch, BatchColumn, BatchHeader, ListElements, Values } from "../batch.ts";
import type { ColumnType, ScalarType } from "../../layout/column-type.ts";
import {
  Codes,
  DecodedContent,
  DecodedColumn,
  Dictionary,
  Numbers,
  Texts,
  withoutTexts,
} from "./decoded-column.ts";
import { frameColumns } from "../frame-columns.ts";
import {
  align,
  kinds,
  listFlag,
  rejectedCode,
  typeCodes,
  wireEntry,
  wireMagic,
  wirePreamble,
  wireVersion,
} from "./layout.ts";

/**
 * Reads the wire form of a batch (`wire/layout.ts`). The result's arrays are views of `bytes`, which must
 * start at a multiple of 8 in their buffer (else they are copied first). Every offset, length, count, bitmap
 * and length prefix is checked, so that whoever reads the batch need not; that texts are UTF-8 is left to the
 * record's checksum. Throws a {@link CollectorError} with the code `CORRUPT` for anything that is no batch,
 * and only that.
 */
export function decodeBatch(bytes: Uint8Array): Batch {
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
  try {
    return new Decoder(aligned).batch();
  } catch (error) {
    if (error instanceof CollectorError) throw error;
    throw corrupt("the header is not readable", error);
  }
}

function corrupt(what: string, cause?: unknown): CollectorError {
  return new CollectorError("CORRUPT", `not a batch: ${what}`, cause === undefined ? undefined : { cause });
}

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw corrupt(what);
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #buffer: Buffer;
  #namesStart = 0;
  #namesBytes = 0;
  #directoryStart = 0;
  #entries = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  }

  batch(): Batch {
    const bytes = this.#bytes;
    const view = this.#view;
    check(
      bytes.length >= wirePreamble && view.getUint32(0, true) === wireMagic,
      "it does not start like one",
    );
    const version = view.getUint32(4, true);
    check(version >= 1 && version <= wireVersion, `version ${version} is unknown`);
    check(
      view.getUint32(8, true) === bytes.length,
      `it has ${bytes.length} bytes instead of ${view.getUint32(8, true)}`,
    );
    const headerBytes = view.getUint32(12, true);
    this.#namesBytes = view.getUint32(16, true);
    this.#namesStart = wirePreamble + headerBytes;
    this.#directoryStart = view.getUint32(20, true);
    check(this.#directoryStart === align(this.#namesStart + this.#namesBytes), "the directory is elsewhere");
    this.#entries = view.getUint32(24, true);
    const directoryEnd = this.#directoryStart + this.#entries * wireEntry;
    const frames = view.getUint32(28, true);
    const rows = view.getUint32(32, true);
    check(directoryEnd + frames * 4 <= bytes.length, "the directory is cut off");
    const header = this.#header(headerBytes, frames, rows);
    const frameRows = new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset + directoryEnd, frames);
    let sum = 0;
    for (let i = 0; i < frames; i++) sum += frameRows[i] as number;
    check(sum === rows, "the frames' rows are not the batch's");
    return { header, ...this.#columns(version, frameRows, rows) };
  }

  #columns(version: number, frameRows: Uint32Array, rows: number): Pick<Batch, "frames" | "columns"> {
    const frameColumnCount = this.#view.getUint32(36, true);
    const frameTable: BatchColumn[] = [];
    const features: BatchColumn[] = [];
    let index = 0;
    while (index < this.#entries) {
      const ofFrames = frameTable.length < frameColumnCount;
      const column = this.#column(index, ofFrames ? frameRows.length : rows);
      (ofFrames ? frameTable : features).push(column);
      index += column.values.kind === "list" ? 2 : 1;
    }
    check(frameTable.length === frameColumnCount, "the frame table is not whole");
    let next = 0;
    const whole = frameColumns.map(({ name, type, nullable, since }): BatchColumn => {
      if (since > version) return withoutTexts(name, frameRows.length, this.#bytes.subarray(0, 0));
      const column = frameTable[next++];
      check(column?.name === name && column.type === type, `the frame table has no ${name}`);
      check(nullable || column.validity === undefined, `${name} has nulls`);
      return column;
    });
    check(next === frameColumnCount, "the frame table has a column too many");
    return { frames: { rows: frameRows, columns: whole }, columns: features };
  }

  #header(length: number, frames: number, rows: number): BatchHeader {
    const header: unknown = JSON.parse(this.#text(wirePreamble, length));
    check(isHeader(header), "the header lacks something");
    check(header.frames === frames && header.rows === rows, "the header counts other frames or rows");
    return header;
  }

  #column(index: number, rows: number): BatchColumn {
    const at = this.#directoryStart + index * wireEntry;
    const start = this.#view.getUint32(at + 8, true);
    const length = this.#view.getUint32(at + 12, true);
    check(start + length <= this.#namesBytes, "a name is outside of the names");
    const type = this.#type(at);
    return new DecodedColumn(
      this.#text(this.#namesStart + start, length),
      type,
      this.#content(at, type, rows),
    );
  }

  #type(at: number): ColumnType | "rejected" {
    const code = this.#view.getUint8(at);
    if (code === rejectedCode) return "rejected";
    const scalar = typeCodes[code & ~listFlag];
    check(scalar !== undefined, `type ${code} is unknown`);
    return code >= listFlag ? { list: scalar } : scalar;
  }

  #content(at: number, type: ColumnType | "rejected", rows: number): DecodedContent {
    const view = this.#view;
    const count = view.getUint32(at + 4, true);
    let validity: Uint8Array | undefined;
    if (view.getUint16(at + 2, true) === 1) {
      validity = this.#slice(view.getUint32(at + 16, true), Math.ceil(rows / 8));
      const last = validity[rows >>> 3];
      check(last === undefined || last >>> (rows & 7) === 0, "a bit beyond the last row");
      check(countBits(validity, rows) === count, "a bitmap has other bits than values");
    } else {
      check(view.getUint16(at + 2, true) === 0, "unknown flags");
      check(count === rows, "a column without nulls has not a value per row");
    }
    return new DecodedContent(validity, count, this.#values(at, type, count));
  }

  #values(at: number, type: ColumnType | "rejected", count: number): Values {
    const view = this.#view;
    const kind = kinds[view.getUint8(at + 1)];
    check(kind !== undefined && suits(kind, type), "values of the wrong kind");
    const start = view.getUint32(at + 20, true);
    const data = this.#slice(start, view.getUint32(at + 24, true));
    const { buffer } = this.#bytes;
    const offset = this.#bytes.byteOffset + start;
    const size = kind === "boolean" ? 1 : kind === "float64" || kind === "int64" ? 8 : 4;
    check(kind === "bytes" || data.length === count * size, "a buffer of the wrong length");
    switch (kind) {
      case "float64": {
        const [min, max] = [view.getFloat64(at + 40, true), view.getFloat64(at + 48, true)];
        return new Numbers(kind, new Float64Array(buffer as ArrayBuffer, offset, count), min, max);
      }
      case "int64": {
        const [min, max] = [view.getBigInt64(at + 40, true), view.getBigInt64(at + 48, true)];
        return new Numbers(kind, new BigInt64Array(buffer as ArrayBuffer, offset, count), min, max);
      }
      case "int32": {
        const [min, max] = [view.getFloat64(at + 40, true), view.getFloat64(at + 48, true)];
        return new Numbers(kind, new Int32Array(buffer as ArrayBuffer, offset, count), min, max);
      }
      case "boolean":
        for (let i = 0; i < data.length; i++)
          check((data[i] as number) <= 1, "a boolean that is neither 0 nor 1");
        return { kind, data };
      case "bytes":
        this.#checkPlain(start, data.length, count);
        return new Texts(count, data);
      case "dictionary":
        return this.#dictionary(at, new Uint32Array(buffer as ArrayBuffer, offset, count));
      case "list":
        return this.#list(at, type, new Uint32Array(buffer as ArrayBuffer, offset, count));
    }
  }

  #dictionary(at: number, codes: Uint32Array): Values {
    const view = this.#view;
    const start = view.getUint32(at + 28, true);
    const data = this.#slice(start, view.getUint32(at + 32, true));
    const count = view.getUint32(at + 36, true);
    this.#checkPlain(start, data.length, count);
    for (let i = 0; i < codes.length; i++)
      check((codes[i] as number) < count, "a code that is not in the dictionary");
    return new Codes(codes, new Dictionary(count, data));
  }

  #list(at: number, type: ColumnType | "rejected", lengths: Uint32Array): Values {
    const total = this.#view.getUint32(at + 36, true);
    let sum = 0;
    for (let i = 0; i < lengths.length; i++) sum += lengths[i] as number;
    check(sum === total, "the lists' lengths are not the elements'");
    const next = at + wireEntry;
    check(next < this.#directoryStart + this.#entries * wireEntry, "a list without elements");
    const element: ScalarType | undefined = typeof type === "object" ? type.list : undefined;
    check(
      element !== undefined && this.#type(next) === element,
      "elements of another type than their list's",
    );
    const elements: ListElements = { total, ...this.#content(next, element, total) };
    return { kind: "list", lengths, elements };
  }

  /** `count` values, each a length and its bytes, take exactly `length` bytes. */
  #checkPlain(start: number, length: number, count: number): void {
    const view = this.#view;
    const end = start + length;
    let at = start;
    for (let i = 0; i < count; i++) {
      check(at + 4 <= end, "a text is cut off");
      at += 4 + view.getUint32(at, true);
    }
    check(at === end, "texts of another length than their buffer");
  }

  #slice(start: number, length: number): Uint8Array {
    check(start % 8 === 0 && start >= this.#directoryStart, "a buffer where none can be");
    check(start + length <= this.#bytes.length, "a buffer outside of the batch");
    return this.#bytes.subarray(start, start + length);
  }

  #text(start: number, length: number): string {
    check(start + length <= this.#bytes.length, "a text outside of the batch");
    return this.#buffer.toString("utf8", start, start + length);
  }
}

function suits(kind: Values["kind"], type: ColumnType | "rejected"): boolean {
  if (typeof type === "object") return kind === "list";
  switch (type) {
    case "timestamp":
      return kind === "int64";
    case "string":
      return kind === "bytes" || kind === "dictionary";
    case "binary":
    case "json":
    case "rejected":
      return kind === "bytes";
    default:
      return kind === type;
  }
}

function isHeader(value: unknown): value is BatchHeader {
  if (typeof value !== "object" || value === null) return false;
  const header = value as Partial<Record<keyof BatchHeader, unknown>>;
  return (
    typeof header.collection === "string" &&
    typeof header.partition === "number" &&
    typeof header.bytes === "number" &&
    Array.isArray(header.untyped) &&
    header.untyped.every((name) => typeof name === "string") &&
    isTextRecord(header.declared, false) &&
    isTextRecord(header.constants, true)
  );
}

function isTextRecord(value: unknown, nullable: boolean): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string" || (nullable && text === null));
}
