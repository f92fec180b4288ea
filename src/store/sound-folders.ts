import { join } from "node:path";
import { inspectPath } from "../base/files/files.ts";
import { systemClock } from "../base/time/clock.ts";

/**
 * So long nobody looks again whether a folder is but a link: to read many small files of one takes less time
 * than to look at its path for each.
 */
const soundMs = 1_000;
const maxSound = 10_000;

/** Which folders below a root are reached through no symbolic link. */
export class SoundFolders {
  readonly #root: string;
  /** Folders with their slash, and when they were looked at. */
  readonly #sound: Map<string, number> = new Map();

  constructor(root: string) {
    this.#root = root;
  }

  /** Whether the folders of a path, relative to the root, are; those that are not there may come to be. */
  async hold(path: string): Promise<boolean> {
    const base = path.slice(0, path.lastIndexOf("/") + 1);
    const now = systemClock.monotonic();
    if (now - (this.#sound.get(base) ?? Number.NEGATIVE_INFINITY) < soundMs) return true;
    let folder = this.#root;
    for (const segment of base.split("/").slice(0, -1)) {
      folder = join(folder, segment);
      if ((await inspectPath(folder))?.kind === "other") return false;
    }
    if (this.#sound.size >= maxSound) this.#sound.clear();
    this.#sound.set(base, now);
    return true;
  }
}
