import { resolve } from "node:path";
import { errorCode } from "../../base/files/file-system.ts";
import { removeFile, renameFile, writeNewFile } from "../../base/files/files.ts";
import { UsageError } from "../command.ts";

/**
 * Writes a file, over one of the same name if there is one, in one step: whoever reads it meanwhile finds the
 * old one or the new one. `option` is where the path was given.
 */
export async function replaceFile(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  option: string,
): Promise<void> {
  const target = resolve(path);
  const beside = `${target}.${process.pid}.tmp`;
  try {
    await removeFile(beside);
    await writeNewFile(beside, bytes);
    await renameFile(beside, target);
  } catch (thrown) {
    await removeFile(beside).catch(() => {});
    if (errorCode(thrown) === "ENOENT") throw new UsageError(`--${option}: there is no folder for ${path}`);
    if (errorCode(thrown) === "EISDIR") throw new UsageError(`--${option}: ${path} is a folder`);
    throw thrown;
  }
}
