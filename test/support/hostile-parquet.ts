import { zstdCompressSync } from "node:zlib";

/*
 * Parquet files whose headers promise too much, byte by byte: what no writer writes, and what a few bytes can
 * ask of a reader. Each is a file of one column that is whole but for one lie.
 */

/** A value of Thrift's compact protocol. */
type Thrift =
  | { readonly i32: number | bigint }
  | { readonly i64: number | bigint }
  | { readonly text: string | Uint8Array }
  | { readonly list: readonly Thrift[] }
  | { readonly struct: Fields }
  | { readonly raw: Uint8Array; readonly type: number };

type Fields = Readonly<Record<number, Thrift | undefined>>;

interface Chunk {
  readonly rows?: number;
  readonly values?: number;
  readonly codec?: number;
  readonly pages: Uint8Array;
  readonly size?: number;
  /** Type, length of type, repetition, converted type. */
  readonly type?: readonly [
    type: number,
    length?: number | undefined,
    repetition?: number,
    converted?: number,
  ];
  /** The schema behind its root, in place of one column. */
  readonly schema?: readonly Thrift[];
  readonly path?: readonly string[];
  /** More fields of the chunk, and what their offsets point to. */
  readonly index?: { readonly bytes: Uint8Array; fields(at: number): Fields };
  readonly footer?: Fields;
}

const i32 = (value: number | bigint): Thrift => ({ i32: value });
const i64 = (value: number | bigint): Thrift => ({ i64: value });
const text = (value: string | Uint8Array): Thrift => ({ text: value });
const list = (items: readonly Thrift[]): Thrift => ({ list: items });
const struct = (fields: Fields): Thrift => ({ struct: fields });

const BYTE_ARRAY = 6;
const DOUBLE = 5;
const INT64 = 2;
const FIXED = 7;
const [PLAIN, RLE, DELTA_INTEGERS, DELTA_TEXTS, DICTIONARY, SPLIT] = [0, 3, 5, 7, 8, 9];
const [NONE, SNAPPY, ZSTD] = [0, 1, 6];
const [REQUIRED, OPTIONAL] = [0, 1];
const most = 2 ** 31 - 1;
const mega = 1024 * 1024;

/** Files by what is wrong with them. Read whole, each is refused. */
export const hostileFiles: Readonly<Record<string, () => Uint8Array>> = {
  "lists within lists, each as long as can be": () => {
    const nested = new Uint8Array(
      Buffer.concat(Array.from({ length: 2_000 }, () => bytes(0xf9, ...varint(30_000_000n)))),
    );
    return file({ pages: plain(["a"]), footer: { 20: { raw: nested, type: 9 } } });
  },
  "a list of millions of empty structs": () => {
    const items = 30 * mega;
    const raw = new Uint8Array(Buffer.concat([bytes(0xfc, ...varint(BigInt(items))), new Uint8Array(items)]));
    return file({ pages: plain(["a"]), footer: { 20: { raw, type: 9 } } });
  },
  "structs within structs": () => {
    const raw = new Uint8Array(40_000).fill(0x1c, 0, 20_000);
    return file({ pages: plain(["a"]), footer: { 20: { raw, type: 12 } } });
  },
  "columns within columns": () => {
    const depth = 20_000;
    const groups = Array.from({ length: depth }, () => struct({ 3: i32(OPTIONAL), 4: text("g"), 5: i32(1) }));
    const leaf = struct({ 1: i32(BYTE_ARRAY), 3: i32(OPTIONAL), 4: text("a") });
    return file({ pages: plain(["a"]), schema: [...groups, leaf], path: [...groups.map(() => "g"), "a"] });
  },
  "a page of more values than bytes": () => file({ pages: plain(["a"], most), rows: 1 }),
  "rows without end, of one run": () => {
    const body = join(bytes(1), varint(BigInt(most) * 2n), bytes(0));
    const page = dataPage(body, most, DICTIONARY);
    return file({ pages: join(dictionaryPage(["a"]), page), rows: most });
  },
  "a hundred million rows of one run, in pages that each are believable": () => {
    const each = 16 * mega;
    const body = join(bytes(1), varint(BigInt(each) * 2n), bytes(0));
    const pages = Array.from({ length: 6 }, () => dataPage(body, each, DICTIONARY));
    return file({ pages: join(dictionaryPage(["a"]), ...pages), rows: each * 6 });
  },
  "a run longer than its page": () => {
    const levels = join(varint(BigInt(most) * 2n), bytes(1));
    const body = join(uint32(levels.length), levels, plainTexts(["a"]));
    return file({ pages: dataPage(body, 1, PLAIN), type: [BYTE_ARRAY, undefined, OPTIONAL], rows: 1 });
  },
  "values of no bits without end": () => {
    const body = join(bytes(0), bytes(0xff, 0xff, 0xff, 0xff, 0x0f));
    return file({ pages: join(dictionaryPage(["a"]), secondPage(body, 1, DICTIONARY)), rows: 1 });
  },
  "a dictionary of more values than bytes": () =>
    file({ pages: join(dictionaryPage(["a"], most), dataPage(bytes(0), 1, DICTIONARY)), rows: 1 }),
  "a value beyond the dictionary": () =>
    file({ pages: join(dictionaryPage(["a"]), dataPage(bytes(8, 2, 200), 1, DICTIONARY)), rows: 1 }),
  "a number without end": () => {
    const body = join(bytes(0x80, 1, 4, 3), new Uint8Array(4 * mega).fill(0xff));
    return file({ pages: dataPage(body, 3, DELTA_INTEGERS), type: [INT64], rows: 3 });
  },
  "texts that each repeat the one before": () => {
    const count = 1 + 128 * 400;
    const prefixes = deltas(Array.from({ length: count }, (_, i) => i));
    const suffixes = deltas(Array.from({ length: count }, () => 1));
    const body = join(prefixes, suffixes, new Uint8Array(count).fill(97));
    return file({ pages: dataPage(body, count, DELTA_TEXTS), rows: count });
  },
  "a snappy page that goes back": () => {
    const body = bytes(1, 0xfc, 0xf9, 0xff, 0xff, 0xff, 97, 97);
    return file({ pages: dataPage(body, 1, PLAIN, 1), codec: SNAPPY, rows: 1 });
  },
  "a snappy page that becomes more": () => {
    const body = join(bytes(5, 0, 97), ...Array.from({ length: 100_000 }, () => bytes(0xfe, 1, 0)));
    return file({ pages: dataPage(body, 1, PLAIN, 5), codec: SNAPPY, rows: 1 });
  },
  "a zstd page that becomes more": () => {
    const bomb = new Uint8Array(zstdCompressSync(new Uint8Array(512 * mega)));
    return file({ pages: dataPage(bomb, 1, PLAIN, 5), codec: ZSTD, rows: 1 });
  },
  "a zstd page that becomes gigabytes, as its header says": () => {
    const bomb = new Uint8Array(zstdCompressSync(new Uint8Array(512 * mega)));
    return file({ pages: dataPage(bomb, 1, PLAIN, 512 * mega), codec: ZSTD, rows: 1 });
  },
  "values as long as can be, a byte of each": () =>
    file({ pages: dataPage(new Uint8Array(mega), mega, SPLIT), type: [FIXED, 4096, REQUIRED], rows: mega }),
  "a decimal of a million digits": () =>
    file({ pages: plain(["9".repeat(2 * mega)]), type: [BYTE_ARRAY, undefined, REQUIRED, 5], rows: 1 }),
  "a page index of lists within lists": () => {
    const nested = Array.from({ length: 2_000 }, () => bytes(0xf9, ...varint(30_000_000n)));
    const index = join(bytes(0x19), ...nested);
    return file({
      pages: plain(["a", "b"]),
      rows: 2,
      index: { bytes: index, fields: (at) => ({ 4: i64(at), 5: i32(index.length) }) },
    });
  },
  "a level that its column does not have": () => {
    const body = join(uint32(2), bytes(4, 3), plainTexts(["a", "b"]));
    return file({ pages: dataPage(body, 2, PLAIN), type: [DOUBLE, undefined, OPTIONAL], rows: 2 });
  },
  "more rows than values": () => file({ pages: plain(["a"]), rows: 3, values: 3 }),
  "a column that ends behind the file": () => file({ pages: plain(["a"]), rows: 1, size: 100_000 }),
  "truth values in runs that are not there": () =>
    file({ pages: dataPage(join(uint32(1e9), bytes(2, 1)), 1, RLE), type: [0], rows: 1 }),
};

/**
 * A whole file of the same kind: what is wrong with the others is what they say, not that they are made by
 * hand.
 */
export const harmlessFile: () => Uint8Array = () => file({ pages: plain(["a", "b"]), rows: 2 });

function file(chunk: Chunk): Uint8Array {
  const { pages, type = [BYTE_ARRAY], codec = NONE, path = ["a"], index } = chunk;
  const { rows = chunk.values ?? 1, values = rows, size = pages.length } = chunk;
  const [physical, length, repetition = REQUIRED, converted] = type;
  const column = struct({
    1: i32(physical),
    2: length === undefined ? undefined : i32(length),
    3: i32(repetition),
    4: text("a"),
    6: converted === undefined ? undefined : i32(converted),
  });
  const schema = chunk.schema ?? [column];
  const meta = struct({
    1: i32(physical),
    2: list([i32(PLAIN)]),
    3: list(path.map((name) => text(name))),
    4: i32(codec),
    5: i64(values),
    6: i64(pages.length),
    7: i64(size),
    9: i64(4),
  });
  const stored = { 2: i64(4), 3: meta, ...index?.fields(4 + pages.length) };
  const group = struct({ 1: list([struct(stored)]), 2: i64(pages.length), 3: i64(rows) });
  const footer = encode(
    struct({
      1: i32(1),
      2: list([struct({ 4: text("root"), 5: i32(1) }), ...schema]),
      3: i64(rows),
      4: list([group]),
      ...chunk.footer,
    }),
  );
  return join(magic, pages, index?.bytes ?? bytes(), footer, uint32(footer.length), magic);
}

const magic = new TextEncoder().encode("PAR1");

function plain(values: readonly string[], count = values.length): Uint8Array {
  return dataPage(plainTexts(values), count, PLAIN);
}

function plainTexts(values: readonly string[]): Uint8Array {
  return join(...values.map((value) => join(uint32(value.length), new TextEncoder().encode(value))));
}

function dataPage(body: Uint8Array, values: number, encoding: number, size = body.length): Uint8Array {
  const facts = struct({ 1: i32(values), 2: i32(encoding), 3: i32(RLE), 4: i32(RLE) });
  return join(encode(struct({ 1: i32(0), 2: i32(size), 3: i32(body.length), 5: facts })), body);
}

function secondPage(body: Uint8Array, values: number, encoding: number): Uint8Array {
  const facts = struct({ 1: i32(values), 2: i32(0), 3: i32(values), 4: i32(encoding), 5: i32(0), 6: i32(0) });
  return join(encode(struct({ 1: i32(3), 2: i32(body.length), 3: i32(body.length), 8: facts })), body);
}

function dictionaryPage(values: readonly string[], count = values.length): Uint8Array {
  const body = plainTexts(values);
  const facts = struct({ 1: i32(count), 2: i32(PLAIN) });
  return join(encode(struct({ 1: i32(2), 2: i32(body.length), 3: i32(body.length), 7: facts })), body);
}

/** In blocks of 128 deltas of 0 or 1, in 4 parts each. */
function deltas(values: readonly number[]): Uint8Array {
  const parts = [
    varint(128n),
    varint(4n),
    varint(BigInt(values.length)),
    varint(zigzag(BigInt(values[0] ?? 0))),
  ];
  for (let at = 1; at < values.length; at += 128) {
    const packed = new Uint8Array(16);
    for (let i = 0; i < 128 && at + i < values.length; i++) {
      const delta = (values[at + i] ?? 0) - (values[at + i - 1] ?? 0);
      packed[i >> 3] = (packed[i >> 3] ?? 0) | (delta << (i & 7));
    }
    parts.push(varint(0n), bytes(1, 1, 1, 1), packed);
  }
  return join(...parts);
}

function encode(value: Thrift): Uint8Array {
  if ("i32" in value) return varint(zigzag(BigInt(value.i32)));
  if ("i64" in value) return varint(zigzag(BigInt(value.i64)));
  if ("raw" in value) return value.raw;
  if ("text" in value) {
    const content = typeof value.text === "string" ? new TextEncoder().encode(value.text) : value.text;
    return join(varint(BigInt(content.length)), content);
  }
  if ("list" in value) {
    const head = join(bytes(0xf0 | typeOf(value.list[0] ?? i32(0))), varint(BigInt(value.list.length)));
    return join(head, ...value.list.map(encode));
  }
  let last = 0;
  const parts: Uint8Array[] = [];
  for (const [key, item] of Object.entries(value.struct)) {
    if (item === undefined) continue;
    const id = Number(key);
    const step = id - last;
    parts.push(
      step < 16 ? bytes((step << 4) | typeOf(item)) : join(bytes(typeOf(item)), varint(zigzag(BigInt(id)))),
    );
    parts.push(encode(item));
    last = id;
  }
  return join(...parts, bytes(0));
}

function typeOf(value: Thrift): number {
  if ("i32" in value) return 5;
  if ("i64" in value) return 6;
  if ("text" in value) return 8;
  if ("list" in value) return 9;
  return "struct" in value ? 12 : value.type;
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

function varint(value: bigint): Uint8Array {
  const all: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return bytes(...all, Number(left));
    all.push(Number(left & 127n) | 128);
  }
}

function uint32(value: number): Uint8Array {
  return bytes(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
