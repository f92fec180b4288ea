import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { systemClock } from "../../base/time/clock.ts";
import { type AzureLocation, checkLocation, isUrlOf, openContainer } from "./azure-container.ts";
import { type AzureCredential, type ResolvedCredential, resolveCredential } from "./azure-credential.ts";
import { type Fingerprint, fingerprintOf, uploadBlob } from "./azure-transfer.ts";
import { type AzureFailure, lacksPermission, toAzureFailure } from "./azure-error.ts";
import { entriesOf, listPages } from "./azure-listing.ts";
import { type CallGroup, defaultDeadlineMs, type Extend, endCalls, withDeadline } from "../deadline.ts";
import { BodyError } from "../object-body.ts";
import { checkFolder, checkListPrefix, checkObjectPath, checkRange, isObjectPath } from "../object-path.ts";
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
} from "../store.ts";
import { readFully } from "../service/whole-answer.ts";
import { getTooLarge, putConflict, putFailure, StoreError, toPutError } from "../store-error.ts";

/** Where, as whom, and how patient. */
export interface AzureBlobStoreOptions extends AzureLocation {
  readonly credential: AzureCredential;
  /**
   * Milliseconds one attempt may take for that many bytes. Default 15 s, or what 64 KiB a second needs if
   * that is more.
   */
  readonly attemptDeadlineMs?: (size: number) => number;
}

/**
 * An {@link UpkeepStore} in a container of Azure Blob Storage, below a prefix. The container must exist.
 *
 * `put` is one Put Blob request with `If-None-Match: *` and Content-MD5: the service stores all of the body
 * or nothing, and only under a free name. "The name is taken" is answered by comparing what is there: the
 * metadata `content` if both have it, else size and MD5, else all bytes. It overwrites nothing, and
 * nothing is retried here but that look. `delete` takes an object's snapshots with it, and with an etag is
 * sent with `If-Match`. The `@azure/storage-blob` package is loaded by the first call.
 *
 * No message, property or printout of the store holds a key, token or signature.
 */
export function createAzureBlobStore(options: AzureBlobStoreOptions): UpkeepStore {
  const credential = resolveCredential(options.credential, "createAzureBlobStore: credential");
  const location = checkLocation(options, credential, "createAzureBlobStore");
  return new AzureBlobStore(location, credential, options.attemptDeadlineMs ?? defaultDeadlineMs);
}

/** Bytes of an object that are compared at once. */
const partSize = 8 * 1024 * 1024;

class AzureBlobStore implements UpkeepStore {
  readonly description: string;
  readonly #location: AzureLocation;
  readonly #credential: ResolvedCredential;
  readonly #deadlineMs: (size: number) => number;
  /** The prefix with its `/`, or nothing. */
  readonly #prefix: string;
  readonly #calls: CallGroup = { controllers: new Set() };
  #container: Promise<ContainerClient> | undefined;

  constructor(location: AzureLocation, credential: ResolvedCredential, deadlineMs: (size: number) => number) {
    this.#location = location;
    this.#credential = credential;
    this.#deadlineMs = deadlineMs;
    this.#prefix = location.prefix === "" ? "" : `${location.prefix}/`;
    this.description = `${location.accountUrl}/${location.container}/${location.prefix}`.replace(/\/$/, "");
  }

  async put(path: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkObjectPath(path, "put", this.#prefix.length);
    try {
      const ours = await fingerprintOf(body, options.signal);
      const blob = await this.#open(path);
      return await this.#upload(path, blob, body, ours, options);
    } catch (thrown) {
      return putFailure(toPutError(path, thrown, options.signal));
    }
  }

  async #upload(
    path: string,
    blob: BlockBlobClient,
    body: ObjectBody,
    ours: Fingerprint,
    options: PutOptions,
  ): Promise<PutResult> {
    const limits = { deadlineMs: this.#deadlineMs(ours.size), signal: options.signal, group: this.#calls };
    try {
      const answer = await withDeadline((signal) => uploadBlob(blob, body, ours, options, signal), limits);
      if (answer.contentMD5 && Buffer.compare(answer.contentMD5, ours.md5) === 0) return { status: "stored" };
    } catch (thrown) {
      if (options.signal?.aborted || thrown instanceof BodyError) throw thrown;
      const failure = this.#failure(thrown, "put", path);
      if (failure.verify) return await this.#compare(path, blob, ours, options, "exists");
      if (!lacksPermission(failure.error)) throw failure.error;
      // Who may create and not overwrite is told that it lacks a permission where the name is taken.
      const there = await this.#compare(path, blob, ours, options, "exists").catch(() => undefined);
      if (there === undefined) throw failure.error;
      return there;
    }
    // What answers 201 without the MD5 of what it was sent is hardly the service (a captive portal, a proxy):
    // look.
    return await this.#compare(path, blob, ours, options, "stored");
  }

  /** Looks at what is stored under the name: the same content is `same`, other content a conflict. */
  async #compare(
    path: string,
    blob: BlockBlobClient,
    ours: Fingerprint,
    options: PutOptions,
    same: "stored" | "exists",
  ): Promise<PutResult> {
    try {
      const { signal } = options;
      const there = await this.#call("verify", path, signal, (abortSignal) =>
        blob.getProperties({ abortSignal }),
      );
      const content = there.metadata?.["content"];
      const known = options.metadata?.["content"];
      if (content !== undefined && known !== undefined) {
        return content === known ? { status: same } : putConflict(path);
      }
      if (there.contentLength !== ours.size) return putConflict(path);
      const md5 = there.contentMD5 ?? (await this.#md5Of(path, blob, ours.size, signal));
      return Buffer.compare(md5, ours.md5) === 0 ? { status: same } : putConflict(path);
    } catch (thrown) {
      if (!(thrown instanceof ObjectNotFoundError)) throw thrown;
      throw new StoreError("transient", `put ${path}: the service has it and has it not`, {
        operation: "put",
      });
    }
  }

  async get(path: string, options: GetOptions = {}): Promise<Uint8Array> {
    checkObjectPath(path, "get", this.#prefix.length);
    if (options.range) checkRange(options.range, "get: range");
    return await this.#download(path, await this.#open(path), options);
  }

  async #download(path: string, blob: BlockBlobClient, options: GetOptions): Promise<Uint8Array> {
    const { range, signal } = options;
    if (range && range.start === range.end) {
      await this.#call("get", path, signal, (abortSignal) => blob.getProperties({ abortSignal }));
      return new Uint8Array(0);
    }
    try {
      return await this.#call("get", path, signal, async (abortSignal, extend) => {
        const length = range && range.end - range.start;
        const answer = await blob.download(range?.start ?? 0, length, { abortSignal, maxRetryRequests: 0 });
        const size = answer.contentLength ?? 0;
        const stream = answer.readableStreamBody ?? Readable.from([]);
        // Its end, when nobody reads on.
        stream.on("error", () => {});
        const max = length ?? maxWholeBytes;
        if (size > max) throw getTooLarge(path, size, max);
        extend(this.#deadlineMs(size));
        return await readFully(stream, size);
      });
    } catch (thrown) {
      // The object ends before the range starts, as every range of an empty object does.
      if (range && thrown instanceof StoreError && thrown.statusCode === 416) return new Uint8Array(0);
      throw thrown;
    }
  }

  /** The MD5 of an object that has none, read in parts. */
  async #md5Of(
    path: string,
    blob: BlockBlobClient,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    const hash = createHash("md5");
    for (let start = 0; start < size; start += partSize) {
      const range = { start, end: Math.min(size, start + partSize) };
      hash.update(await this.#download(path, blob, { range, ...(signal ? { signal } : {}) }));
    }
    return hash.digest();
  }

  async *list(prefix: string, options: { signal?: AbortSignal } = {}): AsyncIterable<StoreEntry> {
    checkListPrefix(prefix, "list");
    const container = await this.#client();
    const pages = listPages(container, this.#prefix + prefix, prefix, (request) =>
      this.#call("list", prefix, options.signal, request),
    );
    for await (const { items } of pages) yield* entriesOf(items, this.#prefix);
  }

  async listFolder(folder: string, options: { signal?: AbortSignal } = {}): Promise<StoreFolder> {
    checkFolder(folder, "listFolder");
    const call = <T>(request: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      this.#call("list", folder, options.signal, request);
    const pages = listPages(await this.#client(), this.#prefix + folder, folder, call, { flat: false });
    const [folders, objects]: [string[], StoreEntry[]] = [[], []];
    for await (const page of pages) {
      objects.push(...entriesOf(page.items, this.#prefix));
      for (const name of page.folders) {
        const path = name.slice(this.#prefix.length);
        if (isObjectPath(`${path}x`)) folders.push(path);
      }
    }
    return { folders, objects };
  }

  async delete(path: string, { etag, signal }: DeleteOptions = {}): Promise<DeleteResult> {
    checkObjectPath(path, "delete", this.#prefix.length);
    const blob = await this.#open(path);
    const how = { deleteSnapshots: "include", ...(etag && { conditions: { ifMatch: etag } }) } as const;
    try {
      await this.#call("delete", path, signal, (abortSignal) => blob.delete({ ...how, abortSignal }));
      return "deleted";
    } catch (thrown) {
      if (thrown instanceof ObjectNotFoundError) return "absent";
      if (!(thrown instanceof StoreError && thrown.statusCode === 412)) throw thrown;
      // It is also said of none.
      return (await this.#call("delete", path, signal, () => blob.exists())) ? "changed" : "absent";
    }
  }

  async replace(path: string, bytes: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkObjectPath(path, "replace", this.#prefix.length);
    const [blob, body] = [await this.#open(path), Buffer.from(bytes)];
    await this.#call("replace", path, options.signal, (abortSignal) =>
      blob.upload(body, body.length, { abortSignal }),
    );
  }

  /** Ends what is under way; idle sockets keep nothing alive and time out by themselves. */
  async close(): Promise<void> {
    endCalls(this.#calls);
  }

  /** A small request, whose failure is thrown as ours, or as the caller's own reason to abort. */
  async #call<T>(
    operation: string,
    subject: string,
    signal: AbortSignal | undefined,
    call: (signal: AbortSignal, extend: Extend) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline(call, { deadlineMs: this.#deadlineMs(0), signal, group: this.#calls });
    } catch (thrown) {
      if (signal?.aborted) throw thrown;
      throw this.#failure(thrown, operation, subject).error;
    }
  }

  #failure(thrown: unknown, operation: string, subject: string): AzureFailure {
    const failure = toAzureFailure(thrown, operation, subject, systemClock.now());
    // A cached token may have been revoked, or be from before a permission was given: the next try asks for a
    // new one.
    const { error } = failure;
    if (error instanceof StoreError && (error.statusCode === 401 || error.statusCode === 403)) {
      this.#container = undefined;
    }
    return failure;
  }

  async #client(): Promise<ContainerClient> {
    // Less than an attempt, so that the answer tells a token that did not come from a service that did not
    // answer.
    const tokenDeadlineMs = this.#deadlineMs(0) * 0.8;
    this.#container ??= openContainer(this.#location, this.#credential, tokenDeadlineMs);
    try {
      return await this.#container;
    } catch (thrown) {
      this.#container = undefined;
      throw thrown;
    }
  }

  /**
   * The client of one object, after a check that its requests go nowhere but below our container and prefix.
   */
  async #open(path: string): Promise<BlockBlobClient> {
    const name = this.#prefix + path;
    const blob = (await this.#client()).getBlockBlobClient(name);
    if (!isUrlOf(blob.url, this.#location, name)) {
      throw new StoreError("rejected", `${path}: the request would leave the destination`, {
        operation: "open",
      });
    }
    return blob;
  }
}
