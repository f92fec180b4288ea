import zlib, { constants } from "node:zlib";
import type { InnerZstd } from "./zstd-context.ts";

/**
 * Decompresses one Zstandard frame after another with one context. `zstdDecompressSync` makes one for each
 * call, which takes ten times as long as to decompress a page of a small file with it.
 */
export class ZstdDecompressor {
  #context: Context | undefined;
  /** What cannot be told apart from what this Node does otherwise: then each frame has its own context. */
  #failures = 0;

  /**
   * The bytes of one frame that has exactly `size`; undefined where they are anything else, or where this
   * Node does not offer what a context takes to be used again, by the inner calls of its own synchronous
   * functions. They are put into `room`, if it has a byte more than they are.
   */
  decompress(frame: Uint8Array, size: number, room?: Uint8Array): Uint8Array | undefined {
    if (this.#failures >= maxFailures || size > maxReused) return undefined;
    this.#context ??= createContext();
    const found = this.#context?.(frame, size, room);
    if (found !== undefined) return found;
    // It may be in the middle of a frame that was cut.
    this.#context = undefined;
    this.#failures++;
    return undefined;
  }
}

type Context = (frame: Uint8Array, size: number, room: Uint8Array | undefined) => Uint8Array | undefined;

function createContext(): Context | undefined {
  const stream = zlib.createZstdDecompress() as InnerZstd & ReturnType<typeof zlib.createZstdDecompress>;
  // An error is told by `destroyed` already.
  stream.on("error", () => {});
  const { _handle: handle, _writeState: state } = stream;
  if (typeof handle?.writeSync !== "function" || !(state instanceof Uint32Array)) return undefined;
  return (frame, size, room) => {
    // With a byte to spare: that it stays free says that there is no more.
    const output = room !== undefined && room.length > size ? room : new Uint8Array(size + 1);
    handle.writeSync(constants.ZSTD_e_end, frame, 0, frame.length, output, 0, size + 1);
    const [free, left] = state;
    if (!stream.destroyed && left === 0 && free === 1) return output.subarray(0, size);
    stream.destroy();
    return undefined;
  };
}

/** After so many, a context for each frame. */
const maxFailures = 100;
/** For larger ones it does not matter, and a context keeps the memory of its largest window. */
const maxReused = 1024 * 1024;
