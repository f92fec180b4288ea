import { ownJson } from "../../base/own-json.ts";
import type { Batch, BatchColumn, BatchHeader, ListElements, Values } from "../batch.ts";
import type { ColumnType } from "../../layout/column-type.ts";
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
} from "./layout.ts";

const maxBytes = 0xffff_fff8;

/** Makes or finds memory of so many bytes, whatever is in them, at the start of a buffer. */
export type Allocate = (size: number) => Uint8Array;

/** Memory of its own that threads can share. */
const sharedMemory: Allocate = (size) => new Uint8Array(new SharedArrayBuffer(size));

/** Lays a batch out in one buffer. Throws a RangeError beyond 4 GiB. */
export function encodeBatch(batch: Batch, allocate: Allocate = sharedMemory): Uint8Array {
  const header = Buffer.from(headerText(batch.header), "utf8");
  const version = versionOf(batch);
  const frameTable = batch.frames.columns.filter(({ name }) => sinceOf(name) <= version);
  const layout = new Layout(batch, frameTable);
  const namesStart = wirePreamble + header.length;
  const directoryStart = align(namesStart + layout.namesBytes);
  const size = layout.place(directoryStart);
  if (size > maxBytes) throw new RangeError(`a batch of ${size} bytes is beyond 4 GiB`);
  const bytes = allocate(size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, size);
  // Whatever was in the memory before: what is written below leaves gaps.
  bytes.fill(0, 0, layout.buffersStart);
  view.setUint32(0, wireMagic, true);
  view.setUint8(4, version);
  view.setUint32(8, size, true);
  view.setUint32(12, header.length, true);
  view.setUint32(16, layout.namesBytes, true);
  view.setUint32(20, directoryStart, true);
  view.setUint32(24, layout.entries.length, true);
  view.setUint32(28, batch.frames.rows.length, true);
  view.setUint32(32, batch.header.rows, true);
  view.setUint32(36, frameTable.length, true);
  bytes.set(header, wirePreamble);
  layout.write(bytes, view, namesStart, directoryStart);
  return bytes;
}

/** Its JSON text, in the order of its members. */
function headerText(header: BatchHeader): string {
  const { collection, partition, frames, rows, bytes, untyped, declared, constants } = header;
  const counts = ownJson({ collection, partition, frames, rows, bytes, untyped }).slice(0, -1);
  return `${counts},"declared":${textOf(declared)},"constants":${textOf(constants)}}`;
}

/** Of those objects that batches share. */
const texts = new WeakMap<object, string>();

function textOf(shared: object): string {
  let text = texts.get(shared);
  if (text === undefined) {
    text = ownJson(shared);
    texts.set(shared, text);
  }
  return text;
}

/** The oldest version that holds all values of the batch. */
function versionOf({ frames }: Batch): number {
  let version = 1;
  for (const { name, count } of frames.columns) if (count > 0) version = Math.max(version, sinceOf(name));
  return version;
}

const since = new Map(frameColumns.map((column) => [column.name, column.since]));

function sinceOf(name: string): number {
  return since.get(name) ?? 1;
}

/** A part of the batch that has an entry: a column, or the elements of a list. */
interface Entry {
  readonly name: Buffer;
  readonly type: number;
  readonly validity: Uint8Array | undefined;
  readonly count: number;
  readonly values: Values;
  validityStart: number;
  dataStart: number;
  secondStart: number;
}

class Layout {
  readonly entries: Entry[] = [];
  namesBytes = 0;
  /**
   * Where the frames' row counts and then the columns' buffers are, which are written without gaps but for a
   * few bytes each.
   */
  buffersStart = 0;
  readonly #frameRows: Uint32Array;

  constructor(batch: Batch, frameTable: readonly BatchColumn[]) {
    this.#frameRows = batch.frames.rows;
    for (const column of frameTable) this.#add(column);
    for (const column of batch.columns) this.#add(column);
  }

  /** Gives each buffer its place. Returns the size of the whole. */
  place(directoryStart: number): number {
    this.buffersStart = directoryStart + this.entries.length * wireEntry;
    let at = align(this.buffersStart + this.#frameRows.byteLength);
    for (const entry of this.entries) {
      if (entry.validity !== undefined) {
        entry.validityStart = at;
        at = align(at + entry.validity.byteLength);
      }
      entry.dataStart = at;
      at = align(at + mainBuffer(entry.values).byteLength);
      if (entry.values.kind === "dictionary") {
        entry.secondStart = at;
        at = align(at + entry.values.dictionary.data.byteLength);
      }
    }
    return at;
  }

  write(bytes: Uint8Array, view: DataView, namesStart: number, directoryStart: number): void {
    put(bytes, this.#frameRows, this.buffersStart);
    let at = directoryStart;
    let nameAt = 0;
    for (const entry of this.entries) {
      const { name, values } = entry;
      bytes.set(name, namesStart + nameAt);
      view.setUint8(at, entry.type);
      view.setUint8(at + 1, kinds.indexOf(values.kind));
      view.setUint32(at + 4, entry.count, true);
      view.setUint32(at + 8, nameAt, true);
      view.setUint32(at + 12, name.length, true);
      nameAt += name.length;
      if (entry.validity !== undefined) {
        view.setUint8(at + 2, 1);
        view.setUint32(at + 16, entry.validityStart, true);
        put(bytes, entry.validity, entry.validityStart);
      }
      const data = mainBuffer(values);
      view.setUint32(at + 20, entry.dataStart, true);
      view.setUint32(at + 24, data.byteLength, true);
      put(bytes, data, entry.dataStart);
      writeParticulars(entry, bytes, view, at);
      at += wireEntry;
    }
  }

  #add(column: BatchColumn): void {
    this.#push(nameBytes(column.name), typeCode(column.type), column);
    const { type, values } = column;
    if (values.kind !== "list") return;
    if (typeof type !== "object")
      throw new TypeError(`column ${JSON.stringify(column.name)}: lists in a column of ${type}`);
    this.#push(noName, typeCodes.indexOf(type.list), values.elements);
  }

  #push(name: Buffer, type: number, { validity, count, values }: BatchColumn | ListElements): void {
    this.entries.push({
      name,
      type,
      validity,
      count,
      values,
      validityStart: 0,
      dataStart: 0,
      secondStart: 0,
    });
    this.namesBytes += name.length;
  }
}

function writeParticulars(
  { values, secondStart }: Entry,
  bytes: Uint8Array,
  view: DataView,
  at: number,
): void {
  switch (values.kind) {
    case "float64":
      view.setFloat64(at + 40, values.min, true);
      view.setFloat64(at + 48, values.max, true);
      return;
    case "int64":
      view.setBigInt64(at + 40, values.min, true);
      view.setBigInt64(at + 48, values.max, true);
      return;
    case "int32":
      // As doubles: the bounds of no values are the infinities.
      view.setFloat64(at + 40, values.min, true);
      view.setFloat64(at + 48, values.max, true);
      return;
    case "dictionary":
      view.setUint32(at + 28, secondStart, true);
      view.setUint32(at + 32, values.dictionary.data.byteLength, true);
      view.setUint32(at + 36, values.dictionary.count, true);
      put(bytes, values.dictionary.data, secondStart);
      return;
    case "list":
      view.setUint32(at + 36, values.elements.total, true);
      return;
    case "boolean":
    case "bytes":
      return;
  }
}

function mainBuffer(values: Values): ArrayBufferView {
  switch (values.kind) {
    case "dictionary":
      return values.codes;
    case "list":
      return values.lengths;
    default:
      return values.data;
  }
}

/** Copies a buffer to its place, and zeros after it up to where the next one starts. */
function put(bytes: Uint8Array, { buffer, byteOffset, byteLength }: ArrayBufferView, start: number): void {
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength), start);
  const end = start + byteLength;
  const next = align(end);
  for (let at = end; at < next; at++) bytes[at] = 0;
}

function typeCode(type: ColumnType | "rejected"): number {
  if (type === "rejected") return rejectedCode;
  return typeof type === "object" ? listFlag + typeCodes.indexOf(type.list) : typeCodes.indexOf(type);
}

const noName = Buffer.alloc(0);

/** Names repeat from batch to batch; bounded by starting afresh. */
const encodedNames = new Map<string, Buffer>();

function nameBytes(name: string): Buffer {
  let bytes = encodedNames.get(name);
  if (bytes === undefined) {
    if (encodedNames.size >= 4096) encodedNames.clear();
    bytes = Buffer.from(name, "utf8");
    encodedNames.set(name, bytes);
  }
  return bytes;
}
