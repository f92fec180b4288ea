import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where those are that have not been removed. */
const present = new Set<string>();

/**
 * Removes the folders that are still there, at once: for a process that is about to end without those who
 * made them having their turn. What cannot be removed stays.
 */
export function removeTempFolders(): void {
  for (const path of present) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // Somebody writes into it even now.
    }
  }
}

/** A folder of this process alone, below the system's folder for what is temporary. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** A new one, which nobody else can read; its name begins with `name`. */
  static async make(name: string): Promise<TempFolder> {
    const path = await mkdtemp(join(tmpdir(), `${name}-`));
    present.add(path);
    return new TempFolder(path);
  }

  /** Removes it with all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    present.delete(this.path);
  }
}
