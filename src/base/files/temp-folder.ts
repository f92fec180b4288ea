import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of this process alone, below the system's folder for what is temporary. */
export class TempFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** A new one, which nobody else can read; its name begins with `name`. */
  static async make(name: string): Promise<TempFolder> {
    return new TempFolder(await mkdtemp(join(tmpdir(), `${name}-`)));
  }

  /** Removes it with all that is in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
