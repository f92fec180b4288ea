import { dirname, join, resolve } from "node:path";
import { wrongKind } from "../base/errors.ts";
import { errorCode } from "../base/files/file-system.ts";
import { BriefLooks, type FileLooks, patientLooks } from "../base/files/brief-looks.ts";
import {
  type FileStatus,
  inspectPath,
  makeDirectories,
  makeDirectory,
  readDirectory,
  readFileChunks,
  removeFile,
  syncDirectory,
  writeNewFile,
} from "../base/files/files.ts";
import { folderFailure } from "./folder-failure.ts";
import { bodyChunks, bodySize, sameBytes } from "./object-body.ts";
import { checkFolder, checkListPrefix, checkObjectPath, checkRange, isObjectPath } from "./object-path.ts";
import { publishFile, replaceFile, temporaryName, temporaryPath } from "./publish-file.ts";
import { SharedSyncs } from "./shared-syncs.ts";
import { SoundFolders } from "./sound-folders.ts";
import {
  type DeleteOptions,
  type DeleteResult,
  type GetOptions,
  maxWholeBytes,
  type ObjectBody,
  ObjectNotFoundError,
  type PutOptions,
  type PutResult,
  type StoreEntry,
  type StoreFolder,
  type UpkeepStore,
} from "./store.ts";
import { getTooLarge, putConflict, putFailure, StoreError, toPutError } from "./store-error.ts";
import { UnfinishedFiles } from "./unfinished-files.ts";

/**
 * An {@link UpkeepStore} in a folder. `root` is made on the first put, with its parents; it may itself be
 * a symbolic link, nothing below it may be. Files and folders get the modes the umask allows, for other
 * programs are meant to read them.
 *
 * An object is written under a temporary name in its own folder (`.<hash>-<random>.mdc-tmp`: no engine's
 * pattern matches it), fsynced, and given its name by `link`, which unlike `rename` never replaces anything;
 * then the folder is fsynced. Where the file system has no hard links (blobfuse, FAT, some network mounts) it
 * is renamed after a look that the name is free: still whole files only, but two *different* contents put at
 * the same moment could replace one another.
 *
 * Metadata and content type are not kept; `exists` and `conflict` are decided by comparing all bytes.
 */
export function createFolderStore({ root, isBrief = false }: FolderStoreOptions): UpkeepStore {
  if (typeof root !== "string" || root === "")
    throw wrongKind("createFolderStore: root", "the path of a folder", root);
  return new FolderStore(resolve(root), isBrief ? new BriefLooks() : patientLooks);
}

/** Options of {@link createFolderStore}. */
export interface FolderStoreOptions {
  readonly root: string;
  /**
   * Whether the caller's thread may wait for files, a few milliseconds in a turn of its event loop: for who
   * reads many small ones. Default false.
   */
  readonly isBrief?: boolean;
}

const maxStatsAtOnce = 64;
/** Of files that are deleted together, the folder is looked at once. */
const momentMs = 20;

class FolderStore implements UpkeepStore {
  readonly description: string;
  readonly #root: string;
  readonly #looks: FileLooks;
  readonly #unfinished = new UnfinishedFiles();
  readonly #sound: SoundFolders;
  readonly #soundNow: SoundFolders;
  readonly #removals = new SharedSyncs();

  constructor(root: string, looks: FileLooks) {
    this.description = root;
    this.#root = root;
    this.#looks = looks;
    this.#sound = new SoundFolders(root);
    this.#soundNow = new SoundFolders(root, momentMs);
  }

  async put(path: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkObjectPath(path, "put");
    try {
      options.signal?.throwIfAborted();
      const folder = await this.#makeFolder(path);
      const target = this.#locate(path);
      const there = await this.#compare(path, target, body);
      const result = there ?? (await this.#create(path, target, folder, body, options));
      if (result.status === "conflict") return result;
      // Folders and names made by another process, which may have died before it synced them.
      if (result.status === "exists" || !this.#unfinished.isSwept(folder)) await this.#syncUpwards(folder);
      await this.#unfinished.sweep(folder, path);
      return result;
    } catch (thrown) {
      const failure = options.signal?.aborted ? undefined : folderFailure("put", path, thrown);
      return putFailure(failure ?? toPutError(path, thrown, options.signal));
    }
  }

  /** What is under the name already: the same, something else, or undefined for nothing. */
  async #compare(path: string, target: string, body: ObjectBody): Promise<PutResult | undefined> {
    const there = await inspectPath(target);
    if (!there) return undefined;
    if (there.kind !== "file") throw notOurs("put", path);
    const same = there.size === bodySize(body) && (await sameBytes(readFileChunks(target), bodyChunks(body)));
    return same ? { status: "exists" } : putConflict(path);
  }

  async #create(
    path: string,
    target: string,
    folder: string,
    body: ObjectBody,
    options: PutOptions,
  ): Promise<PutResult> {
    const temporary = temporaryPath(folder, path);
    await writeNewFile(temporary, bodyChunks(body, options.signal));
    try {
      options.signal?.throwIfAborted();
      await publishFile(temporary, target);
    } catch (thrown) {
      await removeFile(temporary).catch(() => {});
      // ENOENT: a twin that finished first has swept our temporary file away.
      const raced = errorCode(thrown) === "EEXIST" || errorCode(thrown) === "ENOENT";
      const result = raced ? await this.#compare(path, target, body) : undefined;
      if (!result) throw thrown;
      return result;
    }
    await syncDirectory(folder);
    return { status: "stored" };
  }

  /** The object's folder, made if need be, with no symbolic link below the root. */
  async #makeFolder(path: string): Promise<string> {
    await makeDirectories(this.#root);
    let folder = this.#root;
    for (const segment of path.split("/").slice(0, -1)) {
      folder = join(folder, segment);
      if (await makeDirectory(folder)) continue;
      if ((await inspectPath(folder))?.kind !== "directory") throw notOurs("put", path);
    }
    return folder;
  }

  async #syncUpwards(folder: string): Promise<void> {
    for (let at = folder; at.length >= this.#root.length; at = dirname(at)) {
      await syncDirectory(at);
      if (at === dirname(at)) return;
    }
  }

  async get(path: string, options: GetOptions = {}): Promise<Uint8Array> {
    checkObjectPath(path, "get");
    if (options.range) checkRange(options.range, "get: range");
    options.signal?.throwIfAborted();
    const { start, end } = options.range ?? { start: 0, end: maxWholeBytes + 1 };
    try {
      await this.#refuseLinks(path);
      const bytes = await this.#looks.readFileRange(this.#locate(path), start, end);
      if (!options.range && bytes.byteLength > maxWholeBytes) {
        throw getTooLarge(path, (await inspectPath(this.#locate(path)))?.size ?? end, maxWholeBytes);
      }
      return bytes;
    } catch (thrown) {
      if (errorCode(thrown) === "ENOENT" || errorCode(thrown) === "ENOTDIR") {
        throw new ObjectNotFoundError(`get ${path}: there is no such file under ${this.#root}`);
      }
      const there = await inspectPath(this.#locate(path)).catch(() => undefined);
      throw there?.kind === "other" ? notOurs("get", path) : (folderFailure("get", path, thrown) ?? thrown);
    }
  }

  async #refuseLinks(path: string): Promise<void> {
    if (!(await this.#sound.hold(path))) throw notOurs("get", path);
  }

  async *list(prefix: string, options: { signal?: AbortSignal } = {}): AsyncIterable<StoreEntry> {
    checkListPrefix(prefix, "list");
    const base = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    try {
      if (base !== "") {
        await this.#refuseLinks(`${base}x`);
        if ((await inspectPath(this.#locate(base)))?.kind !== "directory") return;
      }
      options.signal?.throwIfAborted();
      yield* this.#walk(base, prefix, options.signal);
    } catch (thrown) {
      if (options.signal?.aborted) throw thrown;
      throw folderFailure("list", prefix, thrown) ?? thrown;
    }
  }

  /** Names in a folder below which `prefix` is, in order; those of folders end in a slash. */
  async #keys(base: string, prefix: string): Promise<string[]> {
    return (
      (await readDirectory(join(this.#root, base)))
        .filter((entry) => entry.kind !== "other")
        // A directory sorts as its objects do, by its name and a slash: `a-b` < `a/x` < `a0`.
        .map((entry) => base + (entry.kind === "directory" ? `${entry.name}/` : entry.name))
        .filter((path) => path.startsWith(prefix) || (path.endsWith("/") && prefix.startsWith(path)))
        .filter((path) => isObjectPath(path.endsWith("/") ? `${path}x` : path))
        .filter((path) => !temporaryName.test(path.slice(base.length)))
        .sort()
    );
  }

  /** `base` is empty or ends in `/`. */
  async *#walk(base: string, prefix: string, signal: AbortSignal | undefined): AsyncIterable<StoreEntry> {
    for await (const { path, file } of this.#inspect(await this.#keys(base, prefix))) {
      signal?.throwIfAborted();
      if (path.endsWith("/")) yield* this.#walk(path, prefix, signal);
      else if (file?.kind === "file") yield { path, size: file.size, lastModified: file.modifiedAt };
    }
  }

  /** What is there under these names, in their order, without a look at those of folders. */
  async *#inspect(
    keys: readonly string[],
  ): AsyncGenerator<{ path: string; file: FileStatus | undefined }, void, undefined> {
    for (let at = 0; at < keys.length; at += maxStatsAtOnce) {
      const some = keys.slice(at, at + maxStatsAtOnce);
      yield* await Promise.all(
        some.map(async (path) => ({
          path,
          file: path.endsWith("/") ? undefined : await this.#looks.inspectPath(this.#locate(path)),
        })),
      );
    }
  }

  async listFolder(folder: string, options: { signal?: AbortSignal } = {}): Promise<StoreFolder> {
    checkFolder(folder, "listFolder");
    try {
      options.signal?.throwIfAborted();
      if (folder !== "") {
        await this.#refuseLinks(`${folder}x`);
        if ((await inspectPath(this.#locate(folder)))?.kind !== "directory")
          return { folders: [], objects: [] };
      }
      const keys = await this.#keys(folder, folder);
      const objects: StoreEntry[] = [];
      for await (const { path, file } of this.#inspect(keys))
        if (file?.kind === "file") objects.push({ path, size: file.size, lastModified: file.modifiedAt });
      return { folders: keys.filter((path) => path.endsWith("/")), objects };
    } catch (thrown) {
      if (options.signal?.aborted) throw thrown;
      throw folderFailure("list", folder, thrown) ?? thrown;
    }
  }

  async delete(path: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    checkObjectPath(path, "delete");
    options.signal?.throwIfAborted();
    try {
      // Looked at anew: what a moment ago was a folder of ours may lead out of the root by now.
      if (!(await this.#soundNow.hold(path))) throw notOurs("delete", path);
      const target = this.#locate(path);
      const there = await inspectPath(target);
      if (there === undefined) return "absent";
      if (there.kind !== "file") throw notOurs("delete", path);
      await removeFile(target);
      await this.#removals.sync(dirname(target));
      return "deleted";
    } catch (thrown) {
      throw folderFailure("delete", path, thrown) ?? thrown;
    }
  }

  async replace(path: string, bytes: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkObjectPath(path, "replace");
    options.signal?.throwIfAborted();
    try {
      const temporary = temporaryPath(await this.#makeFolder(path), path);
      await replaceFile(temporary, this.#locate(path), bytes);
    } catch (thrown) {
      throw folderFailure("replace", path, thrown) ?? thrown;
    }
  }

  async close(): Promise<void> {}

  #locate(path: string): string {
    return join(this.#root, path);
  }
}

function notOurs(operation: string, path: string): StoreError {
  return new StoreError(
    "configuration",
    `${operation} ${path}: something in this path is neither a plain folder nor a plain file; symbolic links are refused`,
    { operation },
  );
}
