import { resolve } from "node:path";
import { errorCode } from "../../../base/files/file-system.ts";
import { writeNewFile } from "../../../base/files/files.ts";
import { UsageError } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";
import { bytesText } from "../../text/value-text.ts";

/** A file that was written. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
}

/** Writes a file that is not there yet; {@link UsageError} if it is, or if its folder is not. */
export async function newFile(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<WrittenFile> {
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      yield piece;
      bytes += piece.length;
    }
  };
  try {
    await writeNewFile(resolve(path), counted());
    return { path: resolve(path), bytes };
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST")
      throw new UsageError(`--output: there is something at ${path} already`);
    if (errorCode(thrown) === "ENOENT") throw new UsageError(`--output: there is no folder for ${path}`);
    throw thrown;
  }
}

/** The same bytes; how many there were so far is shown. */
export async function* told(
  bytes: AsyncIterable<Uint8Array>,
  terminal: Terminal,
): AsyncGenerator<Uint8Array> {
  let written = 0;
  for await (const piece of bytes) {
    yield piece;
    written += piece.length;
    terminal.progress(`exporting … ${bytesText(written)}`);
  }
}
