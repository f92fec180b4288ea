import { join } from "node:path";
import { inspectPath, readDirectory, removeFile } from "../base/files/files.ts";
import { systemClock } from "../base/time/clock.ts";
import { hashOf, temporaryName } from "./publish-file.ts";

/** Far above what one put may take; younger ones may belong to a living writer. */
const staleAfterMs = 3_600_000;
/** How many folders to remember as swept: a year of hours, roughly. */
const maxSwept = 10_000;

/** What crashed puts left in the folders of a store. */
export class UnfinishedFiles {
  /** Folders that were swept, each with the young files that were found there. */
  readonly #swept: Map<string, readonly string[]> = new Map();

  /** Whether a folder was swept. */
  isSwept(folder: string): boolean {
    return this.#swept.has(folder);
  }

  /**
   * Removes what crashed puts left: once per folder all that is stale, and, as soon as an object is there,
   * every earlier attempt at it.
   */
  async sweep(folder: string, path: string): Promise<void> {
    let young = this.#swept.get(folder);
    if (!young) {
      const found = (await readDirectory(folder)).filter(
        (entry) => entry.kind === "file" && temporaryName.test(entry.name),
      );
      const kept: string[] = [];
      for (const { name } of found) {
        const facts = await inspectPath(join(folder, name));
        if (!facts) continue;
        if (systemClock.now() - facts.modifiedAt > staleAfterMs)
          await removeFile(join(folder, name)).catch(() => {});
        else kept.push(name);
      }
      young = kept;
      if (this.#swept.size >= maxSwept) this.#swept.clear();
    }
    const mine = hashOf(path);
    const left = young.filter((name) => temporaryName.exec(name)?.[1] !== mine);
    for (const name of young) {
      if (!left.includes(name)) await removeFile(join(folder, name)).catch(() => {});
    }
    this.#swept.set(folder, left);
  }
}
