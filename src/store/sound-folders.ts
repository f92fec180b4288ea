import { join } from "node:path";
import { inspectPath } from "../base/files/files.ts";
import { systemClock } from "../base/time/clock.ts";

/**
 * So long nobody looks again whether a folder is but a link: to read many small files of one takes less time
 * than to look at its path for each.
 */
const defaultSoundMs = 1_000;
const maxSound = 10_000;

/** Which folders below a root are reached through no symbolic link. */
export class SoundFolders {
  readonly #root: string;
  readonly #soundMs: number;
  /** Folders with their slash, and since when they are looked at. */
  readonly #looks: Map<string, { readonly at: number; readonly isSound: Promise<boolean> }> = new Map();

  /** `soundMs`: so long nobody looks again. */
  constructor(root: string, soundMs: number = defaultSoundMs) {
    this.#root = root;
    this.#soundMs = soundMs;
  }

  /** Whether the folders of a path, relative to the root, are; those that are not there may come to be. */
  async hold(path: string): Promise<boolean> {
    const base = path.slice(0, path.lastIndexOf("/") + 1);
    const at = systemClock.monotonic();
    const known = this.#looks.get(base);
    if (known !== undefined && at - known.at < this.#soundMs) return await known.isSound;
    if (this.#looks.size >= maxSound) this.#looks.clear();
    const look = { at, isSound: this.#look(base) };
    this.#looks.set(base, look);
    const forget = (): void => {
      if (this.#looks.get(base) === look) this.#looks.delete(base);
    };
    look.isSound.then((isSound) => isSound || forget(), forget);
    return await look.isSound;
  }

  async #look(base: string): Promise<boolean> {
    let folder = this.#root;
    for (const segment of base.split("/").slice(0, -1)) {
      folder = join(folder, segment);
      if ((await inspectPath(folder))?.kind === "other") return false;
    }
    return true;
  }
}
