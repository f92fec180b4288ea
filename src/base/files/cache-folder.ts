import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "../checksum.ts";

/**
 * A folder for bytes that can be had again, which any number of processes share: an entry is a file that is
 * whole or not there, under a hash of its key, with a checksum of its own. When there is too much, what was
 * used longest ago goes. Only its user may look into it.
 */
export class CacheFolder {
  readonly #path: string;
  readonly #maxPartBytes: number;
  /** Bytes written to each part since it was last looked through. */
  readonly #written = new Map<string, number>();

  /** `maxBytes` is kept within a sixteenth, of all processes together. */
  constructor(path: string, maxBytes: number) {
    this.#path = path;
    this.#maxPartBytes = maxBytes / parts;
  }

  /** Makes the folder. Throws the system's error if there cannot be one. */
  async open(): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
  }

  /** What was put there by whomever; undefined if it is not there any more, or damaged. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const { file } = this.#place(key);
    const stored = await readFile(file).catch(() => undefined);
    if (stored === undefined || stored.length < checksumBytes) return undefined;
    const bytes = stored.subarray(0, -checksumBytes);
    if (crc32(bytes) !== stored.readUInt32LE(bytes.length)) {
      await unlink(file).catch(() => {});
      return undefined;
    }
    const now = new Date();
    await utimes(file, now, now).catch(() => {});
    return bytes;
  }

  /** Keeps bytes, if there is room; what the disk refuses is not kept. */
  async put(key: string, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#maxPartBytes / 4) return;
    const { part, file } = this.#place(key);
    const temporary = `${file}-${randomBytes(8).toString("hex")}${temporaryEnding}`;
    const checksum = Buffer.alloc(checksumBytes);
    checksum.writeUInt32LE(crc32(bytes));
    try {
      await mkdir(part, { recursive: true, mode: 0o700 });
      await writeFile(temporary, [bytes, checksum], { flag: "wx", mode: 0o600 });
      await rename(temporary, file);
      await this.#makeRoom(part, bytes.length);
    } catch {
      await unlink(temporary).catch(() => {});
    }
  }

  #place(key: string): { readonly part: string; readonly file: string } {
    const hash = createHash("sha256").update(key).digest("hex");
    const part = join(this.#path, hash.slice(0, 1));
    return { part, file: join(part, hash) };
  }

  /** Others write there, too, so that what is in a part is known only from looking. */
  async #makeRoom(part: string, added: number): Promise<void> {
    const written = this.#written.get(part);
    if (written !== undefined && written + added < this.#maxPartBytes / 16) {
      this.#written.set(part, written + added);
      return;
    }
    this.#written.set(part, 0);
    const files: { readonly path: string; readonly size: number; readonly usedAt: number }[] = [];
    for (const name of await readdir(part)) {
      const path = join(part, name);
      const facts = await stat(path).catch(() => undefined);
      if (facts === undefined) continue;
      if (!name.endsWith(temporaryEnding)) files.push({ path, size: facts.size, usedAt: facts.mtimeMs });
      else if (Date.now() - facts.mtimeMs > staleAfterMs) await unlink(path).catch(() => {});
    }
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= this.#maxPartBytes) return;
      await unlink(path).catch(() => {});
      bytes -= size;
    }
  }
}

/** Each keeps its own share of the bytes, so that none of them takes long to look through. */
const parts = 16;
const checksumBytes = 4;
const temporaryEnding = ".tmp";
/** What a process that died left half written. */
const staleAfterMs = 3_600_000;
