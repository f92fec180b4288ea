import type { ArrowChunk, ArrowReader } from "./arrow-chunk.ts";
import { arrowTypes as T } from "./arrow-chunk.ts";
import { binaryCell } from "../../cell.ts";
import type { ReadingRoom } from "../reading-room.ts";

/** Up to so many bytes are made one text, of which its parts may keep all alive. */
const maxJointBytes = 64 * 1024;

/** Bytes of a text or of bytes that stand in the view itself; longer ones stand in a buffer of their own. */
const maxInlineBytes = 12;

/** Reads texts that are told by their offsets. */
export function textReader(chunk: ArrowChunk, room: ReadingRoom): ArrowReader {
  const { offsets } = chunk;
  const bytes = bufferOf(chunk.values);
  return (index) => {
    const start = Number(offsets?.[index]);
    const end = Number(offsets?.[index + 1]);
    room.take(end - start);
    return bytes.toString("utf8", start, end);
  };
}

/**
 * Reads a chunk of texts that are ASCII, all of which become one text first: a call into the engine's decoder
 * costs more than to cut that up. Undefined for any other chunk.
 */
export function jointTextReader({ type, values, offsets, length }: ArrowChunk): ArrowReader | undefined {
  if (type.typeId !== T.utf8 && type.typeId !== T.largeUtf8) return undefined;
  if (values === undefined || offsets === undefined || length < 2) return undefined;
  const start = Number(offsets[0]);
  const end = Number(offsets[length]);
  if (end - start > maxJointBytes) return undefined;
  const all = bufferOf(values).toString("utf8", start, end);
  // As many characters as bytes: each byte is one, wherever the text is cut.
  if (all.length !== end - start) return undefined;
  return (index) => all.slice(Number(offsets[index]) - start, Number(offsets[index + 1]) - start);
}

/** Reads bytes that are told by their offsets. */
export function binaryReader(chunk: ArrowChunk, room: ReadingRoom): ArrowReader {
  const { offsets } = chunk;
  const bytes = bufferOf(chunk.values);
  return (index) => copyOf(bytes, Number(offsets?.[index]), Number(offsets?.[index + 1]), room);
}

/** Reads bytes that are all of one length. */
export function fixedBinaryReader(chunk: ArrowChunk, room: ReadingRoom): ArrowReader {
  const width = chunk.type.byteWidth ?? (chunk.type.stride as number);
  const bytes = bufferOf(chunk.values);
  return (index) => copyOf(bytes, index * width, (index + 1) * width, room);
}

/**
 * Reads texts or bytes that are told by views of 16 bytes: the length, then up to 12 bytes themselves, or
 * four of them, the number of the buffer that has all of them, and where.
 */
export function viewReader(chunk: ArrowChunk, room: ReadingRoom): ArrowReader {
  const views = bufferOf(chunk.values);
  const buffers = chunk.dataBuffers.map(bufferOf);
  const texts = chunk.type.typeId === T.utf8View;
  return (index) => {
    const at = index * 16;
    const length = views.readInt32LE(at);
    const inline = length <= maxInlineBytes;
    const bytes = inline ? views : (buffers[views.readInt32LE(at + 8)] as Buffer);
    const start = inline ? at + 4 : views.readInt32LE(at + 12);
    if (!texts) return copyOf(bytes, start, start + length, room);
    room.take(length);
    return bytes.toString("utf8", start, start + length);
  };
}

function copyOf(bytes: Buffer, start: number, end: number, room: ReadingRoom): ReturnType<typeof binaryCell> {
  room.take(end - start);
  return binaryCell(new Uint8Array(bytes.subarray(start, end)));
}

/** The bytes of a view, where they are. */
export function bufferOf(view: ArrayBufferView | undefined): Buffer {
  if (view === undefined) return Buffer.alloc(0);
  return Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength);
}
