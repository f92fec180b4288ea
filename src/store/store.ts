import { asError } from "../base/errors.ts";
import { checkFolder } from "./object-path.ts";

/**
 * Port: an object store, for whoever collects and reads. Objects are whole, written once and never changed;
 * taking them away is for upkeep alone: see {@link UpkeepStore}.
 *
 * Paths are relative, `/`-separated, made of `[A-Za-z0-9._=%-]` segments without `.` or `..`; the store adds
 * its own root (a folder, or container and prefix) and refuses what would leave it.
 */
export interface Store {
  /** Where this store is, for people: never holds a secret. */
  readonly description: string;
  /**
   * Creates an object, atomically: a reader sees all of it or nothing. Never overwrites. Never throws for
   * what a network, disk or service can do; see {@link PutResult}. A path outside the grammar is misuse: a
   * `RangeError`.
   */
  put(path: string, body: ObjectBody, options?: PutOptions): Promise<PutResult>;
  /**
   * The object's bytes, or the part `[start, end)` of them, cut at its end. Without a range it may have
   * {@link maxWholeBytes}; one that has more is a `StoreError`, and so is an answer of more bytes than were
   * asked for. Throws {@link ObjectNotFoundError} when there is none, the reason of the signal when that
   * fired, and a `StoreError` for what a network, disk or service did. Needs no permission but to read:
   * whoever may not list is told absence all the same.
   */
  get(path: string, options?: GetOptions): Promise<Uint8Array>;
  /**
   * Every object whose path starts with `prefix`, in path order (of code units). Half-written files are never
   * listed, nor names that are no paths. Throws as {@link get} does.
   */
  list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoreEntry>;
  /**
   * What lies directly in a folder, each in path order: for whoever knows which folders to pass by. `folder`
   * is empty or ends in a slash; one that is not there has nothing. Throws as {@link get} does. A store may
   * lack it: then there is {@link list}.
   */
  listFolder?(folder: string, options?: { signal?: AbortSignal }): Promise<StoreFolder>;
  /**
   * Stores a small object in place of whatever is under its path, atomically: only for what points to others,
   * such as the last checkpoint of a table's log. Throws as {@link get} does. A store may lack it: then such
   * pointers are not written.
   */
  replace?(path: string, bytes: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>;
  /** Gives back sockets and handles. Idempotent. */
  close(): Promise<void>;
}

/**
 * Port: a {@link Store} whose objects can be taken away. Who collects is given a plain one, so that no
 * mistake there can remove anything.
 */
export interface UpkeepStore extends Store {
  /**
   * Takes an object away, for good as far as the store can: bytes that it keeps for a while all the same
   * (soft delete, versions) are its owner's. Idempotent, also when an answer was lost. Throws as
   * {@link Store.get} does, but for absence.
   */
  delete(path: string, options?: DeleteOptions): Promise<DeleteResult>;
}

/** Options of {@link UpkeepStore.delete}. */
export interface DeleteOptions {
  /** That of the object as it was listed: another one under its path stays. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal;
}

/**
 * What became of a delete: `deleted` by this call; `absent` before it; `changed` where the object is not the
 * one that was meant, and nothing was done.
 */
export type DeleteResult = "deleted" | "absent" | "changed";

/**
 * Bytes to store: held in memory, or a re-openable stream of known size (a retry opens it again), each chunk
 * of which is good until the next one is asked for.
 */
export type ObjectBody = Uint8Array | { readonly size: number; open(): AsyncIterable<Uint8Array> };

/** Options of {@link Store.put}. */
export interface PutOptions {
  /** Small ASCII facts kept beside the object where the store can (`segment`, `content`, `rows`). */
  readonly metadata?: Readonly<Record<string, string>>;
  /** MIME type. Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Ends the attempt; the result is then `retryable`. */
  readonly signal?: AbortSignal;
}

/** Options of {@link Store.get}. */
export interface GetOptions {
  readonly range?: { readonly start: number; readonly end: number };
  /** That of the object as it was listed: who keeps bytes knows by it that they are the same. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal;
}

/** The largest object that {@link Store.get} gives back whole: 64 MiB. What is larger is read in parts. */
export const maxWholeBytes: number = 64 * 1024 * 1024;

/** What lies directly in a folder. */
export interface StoreFolder {
  /** Paths that end in a slash. */
  readonly folders: readonly string[];
  readonly objects: readonly StoreEntry[];
}

/** One object in a listing. */
export interface StoreEntry {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly lastModified: number;
  /** What changes whenever the object does, where the store has such a thing. */
  readonly etag?: string;
  /** What stands beside it, where the store keeps that: see {@link PutOptions.metadata}. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** {@link Store.listFolder} of any store: one that lacks it lists everything below the folder. */
export async function folderOf(
  store: Store,
  folder: string,
  options?: { signal?: AbortSignal },
): Promise<StoreFolder> {
  checkFolder(folder, "listFolder");
  if (store.listFolder !== undefined) return await store.listFolder(folder, options);
  const folders = new Set<string>();
  const objects: StoreEntry[] = [];
  for await (const entry of store.list(folder, options)) {
    const slash = entry.path.indexOf("/", folder.length);
    if (slash < 0) objects.push(entry);
    else folders.add(entry.path.slice(0, slash + 1));
  }
  return { folders: [...folders], objects };
}

/**
 * What became of a put.
 * - `stored`: created by this call.
 * - `exists`: an object of that path with the same content was there already (a lost answer, a racing twin).
 * - `conflict`: an object of that path with *other* content is there; nothing was changed.
 * - `retryable`: the same call may work later; `class` says whether time alone heals it (`transient`), or
 *   somebody must change a setting, a permission (`configuration`) or a clock (`clock`).
 * - `rejected`: the service will never take this object (malformed, too large).
 */
export type PutResult =
  | { readonly status: "stored" }
  | { readonly status: "exists" }
  | { readonly status: "conflict"; readonly error: Error }
  | {
      readonly status: "retryable";
      readonly class: "transient" | "configuration" | "clock";
      readonly error: Error;
      readonly retryAfterMs?: number;
    }
  | { readonly status: "rejected"; readonly error: Error };

/** There is no object of that path. */
export class ObjectNotFoundError extends Error {
  override readonly name: string = "ObjectNotFoundError";
}

/**
 * What to do about an error that `get` or `list` threw. A store says so in the error's `failure` (and
 * `retryAfterMs`); an error without one is taken for a passing trouble, and a request that is refused for
 * good for a wrong setting.
 */
export function readFailure(thrown: unknown): Extract<PutResult, { status: "retryable" }> {
  const error = asError(thrown);
  const { failure, retryAfterMs } = error as { readonly failure?: unknown; readonly retryAfterMs?: unknown };
  const passing = failure !== "configuration" && failure !== "clock" && failure !== "rejected";
  return {
    status: "retryable",
    class: passing ? "transient" : failure === "clock" ? "clock" : "configuration",
    error,
    ...(typeof retryAfterMs === "number" ? { retryAfterMs } : {}),
  };
}
