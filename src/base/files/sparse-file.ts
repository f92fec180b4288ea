import { constants } from "node:fs";
import { open } from "node:fs/promises";

/**
 * Makes a file of `size` zeros, which take no room where the file system knows holes, in a folder of this
 * process alone. Nothing of it need survive a power cut. Fails with `EEXIST` if anything has that name.
 */
export async function makeSparseFile(path: string, size: number): Promise<void> {
  const file = await open(path, "wx");
  try {
    await file.truncate(size);
  } finally {
    await file.close();
  }
}

/** Puts bytes into a file that is there, from `start` on. */
export async function writeFileRange(path: string, start: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, constants.O_WRONLY);
  try {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, at, bytes.length - at, start + at);
      at += bytesWritten;
    }
  } finally {
    await file.close();
  }
}
