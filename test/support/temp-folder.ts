import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/**
 * A new, empty folder that is removed when the current test ends, passed or failed. Its path has no symbolic
 * link in it, so it compares equal to paths that the code under test resolved.
 */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(await realpath(tmpdir()), "mdc-test-"));
  onTestFinished(() => removeFolder(folder));
  return folder;
}

/** As {@link tempFolder}, for `beforeAll` and scripts: the caller removes it, or lets `await using` do so. */
export async function disposableFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(await realpath(tmpdir()), "mdc-test-"));
  return { path, [Symbol.asyncDispose]: () => removeFolder(path) };
}

/** Retried because Windows refuses to remove a file that a process which is just ending still holds. */
async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
