import type { Values } from "../../../frame/batch.ts";
import type { ByteSink } from "../bytes/byte-sink.ts";
import { eachByteArray } from "./byte-dictionary.ts";

/** Writes values one part after another as PLAIN (Encodings.md, "Plain"): mostly the batch's own bytes. */
export function writePlain(sink: ByteSink, parts: readonly Values[]): void {
  if (parts[0]?.kind === "boolean") return writeBooleans(sink, parts);
  for (const part of parts) {
    switch (part.kind) {
      case "bytes":
        sink.put(part.data);
        break;
      case "float64":
      case "int64":
      case "int32":
        sink.put(new Uint8Array(part.data.buffer, part.data.byteOffset, part.data.byteLength));
        break;
      default:
        throw new Error(`batch: ${part.kind} values where one type was expected`);
    }
  }
}

/** A bit per value, low bits first. */
function writeBooleans(sink: ByteSink, parts: readonly Values[]): void {
  let pending = 0;
  let bits = 0;
  for (const part of parts) {
    if (part.kind !== "boolean") throw new Error(`batch: ${part.kind} values where boolean was expected`);
    const { data } = part;
    let out = sink.reserve((bits + data.length) >> 3);
    const bytes = sink.bytes;
    for (let i = 0; i < data.length; i++) {
      pending |= (data[i]! & 1) << bits;
      if (++bits === 8) {
        bytes[out++] = pending;
        pending = 0;
        bits = 0;
      }
    }
  }
  if (bits > 0) sink.u8(pending);
}

/** The values that codes stand for, one after another. */
export function lookUp(values: Values & { kind: "dictionary" }): Values & { kind: "bytes" } {
  const { codes, dictionary } = values;
  const { data, count } = dictionary;
  const starts = new Uint32Array(count + 1);
  eachByteArray(data, count, (_view, _start, end, index) => {
    starts[index + 1] = end;
  });
  let size = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code >= count) throw new Error(`batch: code ${code} is outside its dictionary of ${count}`);
    size += starts[code + 1]! - starts[code]!;
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (let i = 0; i < codes.length; i++) {
    const value = data.subarray(starts[codes[i]!]!, starts[codes[i]! + 1]!);
    bytes.set(value, at);
    at += value.length;
  }
  return { kind: "bytes", count: codes.length, data: bytes };
}
