import { basename, join } from "node:path";
import { type Counts, noCounts } from "../base/counts.ts";
import type { Clock } from "../base/time/clock.ts";
import {
  createText,
  type FileSystem,
  listIfReadable,
  readText,
  removeFile,
} from "../base/files/file-system.ts";
import { ownJson } from "../base/own-json.ts";
import { ensurePrivateFolder, quarantinePath } from "./spool-folder.ts";

/** Facts about a file in quarantine, as its `.json` states them. */
export interface QuarantineNote {
  readonly id: string;
  /** Undefined when the file's header could not be read. */
  readonly label: string | undefined;
  readonly reason: string;
  readonly counts: Counts;
  /** Milliseconds since 1970 UTC. */
  readonly quarantinedAt: number;
}

/** One segment's file in quarantine. */
export interface QuarantinedFile extends QuarantineNote {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

const maxBytes = 64 * 1_024 * 1_024;
const countMs = 10_000;

/** What {@link Quarantine} needs. */
export interface QuarantineOptions {
  /** The spool's folder. */
  readonly directory: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
}

/** The folder of segments that a person must look at. */
export class Quarantine {
  readonly #directory: string;
  readonly #fileSystem: FileSystem;
  readonly #clock: Clock;
  #count = 0;
  #countedAt = Number.NEGATIVE_INFINITY;

  constructor({ directory, fileSystem, clock }: QuarantineOptions) {
    this.#directory = quarantinePath(directory);
    this.#fileSystem = fileSystem;
    this.#clock = clock;
  }

  /**
   * Moves a file in; `copy` leaves it where it is, too. Throws the system's error; then nothing has moved.
   */
  take(
    path: string,
    note: Omit<QuarantineNote, "quarantinedAt">,
    options: { readonly copy?: boolean } = {},
  ): void {
    const fileSystem = this.#fileSystem;
    ensurePrivateFolder(fileSystem, this.#directory);
    const stem = join(this.#directory, this.#freeStem(note));
    const facts: QuarantineNote = { ...note, quarantinedAt: this.#clock.now() };
    createText(fileSystem, `${stem}.json`, `${ownJson({ ...facts, file: basename(path) })}\n`);
    try {
      if (options.copy === true) fileSystem.link(path, `${stem}.seg`);
      else fileSystem.rename(path, `${stem}.seg`);
    } catch (error) {
      removeFile(fileSystem, `${stem}.json`);
      throw error;
    }
    fileSystem.syncDirectory(this.#directory);
    this.#countedAt = Number.NEGATIVE_INFINITY;
    this.#evict();
  }

  /** What is there, oldest first. */
  list(): readonly QuarantinedFile[] {
    const found: QuarantinedFile[] = [];
    for (const name of this.#names()) {
      const match = /^([0-9a-f]{32})\.([a-z0-9-]+)\.seg$/.exec(name);
      const path = join(this.#directory, name);
      const stat = match === null ? undefined : this.#fileSystem.lstat(path);
      if (match === null || stat?.kind !== "file") continue;
      const [, id = "", reason = ""] = match;
      const fallback = { id, label: undefined, reason, counts: noCounts };
      const note = this.#note(path) ?? { ...fallback, quarantinedAt: stat.mtimeMs };
      found.push({ ...note, id, path, size: stat.size });
    }
    return found.sort((a, b) => a.quarantinedAt - b.quarantinedAt || (a.path < b.path ? -1 : 1));
  }

  /** How many are there, at most ten seconds ago. */
  count(): number {
    const now = this.#clock.monotonic();
    if (now - this.#countedAt >= countMs) {
      this.#countedAt = now;
      this.#count = this.#names().filter((name) => name.endsWith(".seg")).length;
    }
    return this.#count;
  }

  #names(): string[] {
    return listIfReadable(this.#fileSystem, this.#directory);
  }

  #freeStem({ id, reason }: { readonly id: string; readonly reason: string }): string {
    const word = slug(reason);
    for (let n = 1; ; n++) {
      const stem = n === 1 ? `${id}.${word}` : `${id}.${word}-${n}`;
      const taken = ["seg", "json"].some((end) =>
        this.#fileSystem.lstat(join(this.#directory, `${stem}.${end}`)),
      );
      if (!taken) return stem;
    }
  }

  #note(segmentPath: string): QuarantineNote | undefined {
    try {
      const text = readText(this.#fileSystem, segmentPath.replace(/seg$/, "json"), 16_384);
      const note = JSON.parse(text ?? "") as Partial<QuarantineNote> | null;
      const { id, label, reason, counts, quarantinedAt } = note ?? {};
      if (typeof id !== "string" || typeof reason !== "string" || typeof quarantinedAt !== "number")
        return undefined;
      if (typeof counts !== "object" || counts === null) return undefined;
      if ([counts.frames, counts.rows, counts.bytes].some((count) => typeof count !== "number"))
        return undefined;
      return { id, label: typeof label === "string" ? label : undefined, reason, counts, quarantinedAt };
    } catch {
      return undefined;
    }
  }

  /** Oldest first, but never the newest: that one somebody is about to look for. */
  #evict(): void {
    const all = this.list();
    let total = all.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of all.slice(0, -1)) {
      if (total <= maxBytes) return;
      removeFile(this.#fileSystem, path);
      removeFile(this.#fileSystem, path.replace(/seg$/, "json"));
      total -= size;
    }
  }
}

/** The start of a reason as part of a file name. */
function slug(reason: string): string {
  const word = reason
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return word === "" ? "unknown" : word;
}
