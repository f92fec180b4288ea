import { crc32 } from "../../base/checksum.ts";
import { type Counts, noCounts } from "../../base/counts.ts";

/*
 * The bytes of a segment file. Little-endian; everything starts at a multiple of 8.
 *
 *     +----------+----------+--------+---------+-----+--------+--------+---------+
 *     | header A | header B | record | record  | ... | record | footer | trailer |
 *     +----------+----------+--------+---------+-----+--------+--------+---------+
 *     0          H          2H                                 only once sealed
 *
 * Header: H = 64 + N padded to 8, written twice so that no single fault hides the records behind it.
 *
 *      0  8  magic "MCSPOOL1"          32 16  instance id
 *      8  2  version, 1                48  8  created, ms since 1970 UTC
 *     10  2  N, label bytes, <= 1,024  56  4  zero
 *     12  4  zero                      60  4  CRC-32 of bytes 0-59, then of the label
 *     16 16  segment id                64  N  label, UTF-8; zeros up to a multiple of 8
 *
 * Record: 80 bytes, then the payload, then zeros up to a multiple of 8.
 *
 *      0  4  magic "MCFR"              32  8  rows
 *      4  1  1 data, 2 footer          40  8  bytes, as the ledger counts them
 *      5  3  zero                      48  8  frames \
 *      8  4  payload length            56  8  rows    > of all records before this one
 *     12  4  payload CRC-32            64  8  bytes  /
 *     16  8  sequence                  72  4  records before this one
 *     24  8  frames                    76  4  CRC-32 of bytes 0-75
 *
 * Footer: a record without counts whose payload is a third copy of the header; its "before" fields are the
 * totals. Trailer: 16 bytes, magic "MCSPEND1" and the footer's offset, to find it when both headers are gone.
 *
 * Invariants
 * - A record's two CRCs start from crc32(offset as 8 bytes, header CRC) instead of 0, so a block that was
 *   moved, duplicated or comes from another file is never taken for a record.
 * - A length is trusted only under a good record CRC, and is at most 1.25 GiB and not beyond the file:
 *   nothing is allocated for a hostile one.
 * - The "before" fields of the next good record tell exactly what was lost between two good ones.
 * - Bytes are only ever appended; after a failed write the file is cut back and never appended to again.
 *
 * Torn tails: a file without footer ends where its last good record ends. A rest that holds no further good
 * record is `torn`: its write never returned, so nothing acknowledged is lost. A record whose header is good
 * and whose payload is all there but wrong is `corrupt`, counted exactly. A sealed file without footer is
 * legal (the disk was full).
 */

/** Longest label, UTF-8 bytes. */
export const maxLabelBytes = 1_024;
/**
 * Longest record, bytes: the largest frame that can be allowed, 1 GiB, and room for what a batch adds to it.
 */
export const maxRecordBytes: number = 1_280 * 1_024 * 1_024;
/** Size of a record's header, bytes. */
export const recordHeaderBytes = 80;
/** Size of the trailer, bytes. */
export const trailerBytes = 16;
/** Upper bound of two headers, bytes: where a search for them may stop. */
export const maxHeadersBytes: number = 2 * (64 + maxLabelBytes);

/** First bytes of a record. */
export const recordMagic: Uint8Array = ascii("MCFR");
const headerMagic = ascii("MCSPOOL1");
const trailerMagic = ascii("MCSPEND1");
const version = 1;
const fixedBytes = 64;

/** What a segment's header says. */
export interface SegmentHeader {
  /** 32 hex digits. */
  readonly id: string;
  /** 32 hex digits. */
  readonly instance: string;
  readonly label: string;
  /** Milliseconds since 1970 UTC. */
  readonly createdAt: number;
  /** Size of one copy, bytes. */
  readonly size: number;
  /** Checksum of the header; the start of every record's. */
  readonly crc: number;
}

/** What a record's header says. */
export interface RecordHeader {
  readonly kind: "data" | "footer";
  /** Payload bytes. */
  readonly length: number;
  readonly payloadCrc: number;
  readonly sequence: number;
  readonly counts: Counts;
  readonly before: Totals;
}

/** Counts of several records, and how many. */
export interface Totals extends Counts {
  readonly records: number;
}

/** No records. */
export const noTotals: Totals = { ...noCounts, records: 0 };

/** `size` rounded up to a multiple of 8. */
export function padded(size: number): number {
  return Math.ceil(size / 8) * 8;
}

/** One copy of the header, bytes and facts. The label must be at most {@link maxLabelBytes} long. */
export function encodeSegmentHeader(facts: {
  id: string;
  instance: string;
  label: string;
  createdAt: number;
}): { readonly bytes: Uint8Array; readonly header: SegmentHeader } {
  const label = new TextEncoder().encode(facts.label);
  const bytes = new Uint8Array(padded(fixedBytes + label.length));
  const view = viewOf(bytes);
  bytes.set(headerMagic, 0);
  view.setUint16(8, version, true);
  view.setUint16(10, label.length, true);
  bytes.set(Buffer.from(facts.id, "hex"), 16);
  bytes.set(Buffer.from(facts.instance, "hex"), 32);
  putUint64(view, 48, facts.createdAt);
  bytes.set(label, fixedBytes);
  const crc = crc32(label, crc32(bytes.subarray(0, 60)));
  view.setUint32(60, crc, true);
  return { bytes, header: { ...facts, size: bytes.length, crc } };
}

/**
 * The header copy at the start of `bytes`, or why there is none: `unknown` is a file of a later version of
 * the format, which must be left alone; `bad` is anything else.
 */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | "unknown" | "bad" {
  if (bytes.length < fixedBytes) return "bad";
  const view = viewOf(bytes);
  const length = view.getUint16(10, true);
  const size = padded(fixedBytes + length);
  if (length > maxLabelBytes || bytes.length < fixedBytes + length || !startsWith(bytes, headerMagic))
    return "bad";
  const label = bytes.subarray(fixedBytes, fixedBytes + length);
  const crc = view.getUint32(60, true);
  if (crc32(label, crc32(bytes.subarray(0, 60))) !== crc) return "bad";
  if (view.getUint16(8, true) !== version) return "unknown";
  return {
    id: hex(bytes, 16),
    instance: hex(bytes, 32),
    label: new TextDecoder().decode(label),
    createdAt: getUint64(view, 48),
    size,
    crc,
  };
}

/** Reused by {@link recordSeed}. */
const offsetBytes = new Uint8Array(8);
const offsetView = viewOf(offsetBytes);

/** What the checksums of the record at `offset` start from. */
export function recordSeed(offset: number, header: SegmentHeader): number {
  putUint64(offsetView, 0, offset);
  return crc32(offsetBytes, header.crc);
}

/** Writes a record's header into the 80 bytes of `view`, which are reused from record to record. */
export function encodeRecordHeader(
  into: { readonly bytes: Uint8Array; readonly view: DataView },
  kind: RecordHeader["kind"],
  payload: Uint8Array,
  sequence: number,
  counts: Counts,
  before: Totals,
  seed: number,
): void {
  const { bytes, view } = into;
  bytes.set(recordMagic, 0);
  view.setUint32(4, kind === "data" ? 1 : 2, true);
  view.setUint32(8, payload.byteLength, true);
  view.setUint32(12, crc32(payload, seed), true);
  putUint64(view, 16, sequence);
  putCounts(view, 24, counts);
  putCounts(view, 48, before);
  view.setUint32(72, before.records, true);
  view.setUint32(76, crc32(bytes.subarray(0, 76), seed), true);
}

/** The record header in `bytes` (80 of them), or undefined if they are not a good one for this place. */
export function decodeRecordHeader(bytes: Uint8Array, seed: number): RecordHeader | undefined {
  if (!startsWith(bytes, recordMagic)) return undefined;
  const view = viewOf(bytes);
  if (crc32(bytes.subarray(0, 76), seed) !== view.getUint32(76, true)) return undefined;
  const kind = view.getUint32(4, true);
  const length = view.getUint32(8, true);
  if ((kind !== 1 && kind !== 2) || length > maxRecordBytes) return undefined;
  return {
    kind: kind === 1 ? "data" : "footer",
    length,
    payloadCrc: view.getUint32(12, true),
    sequence: getUint64(view, 16),
    counts: getCounts(view, 24),
    before: { ...getCounts(view, 48), records: view.getUint32(72, true) },
  };
}

/** The 16 bytes after the footer at `footerOffset`. */
export function encodeTrailer(footerOffset: number): Uint8Array {
  const bytes = new Uint8Array(trailerBytes);
  bytes.set(trailerMagic, 0);
  putUint64(viewOf(bytes), 8, footerOffset);
  return bytes;
}

/** The footer's offset, if these 16 bytes are a trailer. */
export function decodeTrailer(bytes: Uint8Array): number | undefined {
  if (bytes.length !== trailerBytes || !startsWith(bytes, trailerMagic)) return undefined;
  return getUint64(viewOf(bytes), 8);
}

/** A `DataView` of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function putCounts(view: DataView, at: number, counts: Counts): void {
  putUint64(view, at, counts.frames);
  putUint64(view, at + 8, counts.rows);
  putUint64(view, at + 16, counts.bytes);
}

function getCounts(view: DataView, at: number): Counts {
  return { frames: getUint64(view, at), rows: getUint64(view, at + 8), bytes: getUint64(view, at + 16) };
}

// Two halves instead of setBigUint64: no BigInt is allocated per field. Exact up to 2^53.
function putUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

function getUint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
}

function hex(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString("hex");
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
