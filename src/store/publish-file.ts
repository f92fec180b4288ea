import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { errorCode } from "../base/files/file-system.ts";
import {
  inspectPath,
  linkFile,
  removeFile,
  renameFile,
  syncDirectory,
  writeNewFile,
} from "../base/files/files.ts";
import { bodyChunks } from "./object-body.ts";

/** The name of a file that is being written, with {@link hashOf} its path. */
export const temporaryName: RegExp = /^\.([0-9a-f]{16})-[0-9a-f]{16}\.mdc-tmp$/;

/** Where an object of that path is written first: in the folder that it will be in. */
export function temporaryPath(folder: string, path: string): string {
  return join(folder, `.${hashOf(path)}-${randomBytes(8).toString("hex")}.mdc-tmp`);
}

/** What tells one object's temporary files from another's. */
export function hashOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 16);
}

/** Gives a file that was written its name; throws with code `EEXIST` if that is taken. */
export async function publishFile(temporary: string, target: string): Promise<void> {
  try {
    await linkFile(temporary, target);
    await removeFile(temporary);
  } catch (thrown) {
    const noLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(errorCode(thrown) ?? "");
    if (!noLinks) throw thrown;
    if (await inspectPath(target)) throw Object.assign(new Error("the name is taken"), { code: "EEXIST" });
    await renameFile(temporary, target);
  }
}

/** Writes a file and gives it its name, whoever had that before. */
export async function replaceFile(temporary: string, target: string, bytes: Uint8Array): Promise<void> {
  await writeNewFile(temporary, bodyChunks(bytes));
  await renameFile(temporary, target);
  await syncDirectory(dirname(target));
}
