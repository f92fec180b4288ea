import { ownJson } from "../../base/own-json.ts";
import type { EncodedBody, UnpackedBody } from "../encoder.ts";

/*
 * Several objects as one sequence of bytes: a file, and the objects beside it that it refers to. So they are
 * frozen together, by one rename, and delivered from what was frozen; and where they go, on which the
 * references depend, need not be known before.
 *
 *     bytes of the file | bytes of object 0 | bytes of the file | … | table, JSON | its length, u32 | magic
 *
 * A file that never referred to anything is only itself, without a table; its last bytes are never these.
 */

/** What the table says. */
export interface PackedTable {
  /**
   * What the file consists of: bytes from the first number to the second, or the reference to the object of
   * this number.
   */
  readonly file: readonly (readonly [number, number] | number)[];
  /** Where each object beside it begins and ends. */
  readonly beside: readonly (readonly [number, number])[];
}

const magic = Buffer.from("MDCPARTS", "latin1");
const tailBytes = 4 + magic.length;

/** What stands at the end of a packed body. */
export function partsTable(parts: PackedTable): Uint8Array {
  const table = Buffer.from(ownJson(parts), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(table.length);
  return Buffer.concat([table, length, magic]);
}

/**
 * The objects in a body; `reference` is the text that stands for an object in the file. Throws if the table
 * is damaged.
 */
export async function unpackBody(
  body: EncodedBody,
  reference: (number: number) => string,
): Promise<UnpackedBody> {
  const tail = await read(body, Math.max(0, body.size - tailBytes), body.size);
  if (!tail.subarray(4).equals(magic)) return { file: body, beside: [] };
  const end = body.size - tailBytes;
  const table = await read(body, end - tail.readUInt32LE(0), end);
  const { file, beside } = JSON.parse(table.toString("utf8")) as PackedTable;
  const extents = file.map((part) =>
    typeof part === "number" ? Buffer.from(reference(part), "utf8") : part,
  );
  return { file: joined(body, extents), beside: beside.map((extent) => joined(body, [extent])) };
}

function joined(body: EncodedBody, parts: readonly (readonly [number, number] | Buffer)[]): EncodedBody {
  const sizeOf = (part: readonly [number, number] | Buffer): number =>
    Buffer.isBuffer(part) ? part.length : part[1] - part[0];
  return {
    size: parts.reduce((sum, part) => sum + sizeOf(part), 0),
    async *open(start = 0, end = Number.POSITIVE_INFINITY) {
      let at = 0;
      for (const part of parts) {
        const from = Math.max(0, start - at);
        const to = Math.min(sizeOf(part), end - at);
        at += sizeOf(part);
        if (from >= to) continue;
        if (Buffer.isBuffer(part)) yield part.subarray(from, to);
        else yield* body.open(part[0] + from, part[0] + to);
      }
    },
  };
}

async function read(body: EncodedBody, start: number, end: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of body.open(start, end)) parts.push(new Uint8Array(part));
  return Buffer.concat(parts);
}
