import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { wrongValue } from "../../base/errors.ts";
import { isBucketName } from "../../destination/s3-url.ts";
import { prefixFault } from "../../destination/azure-names.ts";
import { type Extend, withDeadline } from "../deadline.ts";
import { BodyError } from "../object-body.ts";
import { checkFolder, checkListPrefix, checkObjectPath, checkRange } from "../object-path.ts";
import { readFully } from "../service/whole-answer.ts";
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
import { getTooLarge, putConflict, putFailure, StoreError, toPutError } from "../store-error.ts";
import { S3Calls, type S3StoreOptions } from "./s3-calls.ts";
import { ConditionalPuts, probeName } from "./conditional-puts.ts";
import { entriesOf, foldersOf, listS3Pages, type S3Page } from "./s3-listing.ts";
import { md5OfEtag, putS3Object, type S3Fingerprint, s3FingerprintOf } from "./s3-transfer.ts";

/** A store in S3, which can also find out whether its server would overwrite. */
export interface S3Store extends UpkeepStore {
  /**
   * Rejects with a `StoreError` if the server does not keep to `If-None-Match: *`, or nobody can tell. Stores
   * one small object for it, but at AWS's own, which does.
   */
  checkConditions(signal: AbortSignal | undefined): Promise<void>;
}

/**
 * A store in a bucket of Amazon S3, or of a server that speaks its protocol, below a prefix. The
 * bucket must exist.
 *
 * `put` is one PutObject request with `If-None-Match: *`: the service stores all of the body or nothing, and
 * only under a free name. "The name is taken" is answered by comparing what is there: the metadata `content`
 * if both have it, else size and MD5, else all bytes. A server that is not AWS's own may ignore the
 * condition, and would overwrite: before the first put it is tried out, and such a server gets nothing.
 * Nothing is retried here. The package `@aws-sdk/client-s3` is loaded by the first call.
 *
 * No message, property or printout of the store holds a key, token or signature.
 */
export function createS3Store(options: S3StoreOptions): S3Store {
  const { bucket, prefix } = options;
  if (!isBucketName(bucket)) throw wrongValue("createS3Store: bucket", "the name of a bucket", bucket);
  const fault = prefix === "" ? undefined : prefixFault(prefix.split("/"));
  if (fault !== undefined) throw wrongValue("createS3Store: prefix", fault, prefix);
  return new BucketStore(options);
}

/** Bytes of an object that are compared at once. */
const partSize = 8 * 1024 * 1024;

/** Whether a connection ended while something was sent. */
function wasCut(error: Error): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "EPIPE" || code === "ECONNRESET";
}

class BucketStore implements S3Store {
  readonly description: string;
  readonly #options: S3StoreOptions;
  /** The prefix with its `/`, or nothing. */
  readonly #prefix: string;
  readonly #calls: S3Calls;
  readonly #conditions: ConditionalPuts;

  constructor(options: S3StoreOptions) {
    const { bucket, prefix, endpoint } = options;
    this.#options = options;
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
    this.description = `s3://${bucket}/${prefix}`.replace(/\/$/, "");
    this.#calls = new S3Calls(options);
    this.#conditions = new ConditionalPuts(endpoint);
  }

  async put(path: string, body: ObjectBody, options: PutOptions = {}): Promise<PutResult> {
    checkObjectPath(path, "put", this.#prefix.length);
    try {
      const ours = await s3FingerprintOf(body, options.signal);
      await this.checkConditions(options.signal);
      return await this.#upload(path, body, ours, options);
    } catch (thrown) {
      return putFailure(toPutError(path, thrown, options.signal));
    }
  }

  async checkConditions(signal: AbortSignal | undefined): Promise<void> {
    await this.#conditions.check((probe) =>
      this.#calls.make("put", probeName, signal, async (abortSignal) => {
        const fingerprint = await s3FingerprintOf(probe, undefined);
        await this.#request(probeName, probe, fingerprint, {}, abortSignal);
      }),
    );
  }

  async #request(
    path: string,
    body: ObjectBody,
    ours: S3Fingerprint,
    options: PutOptions,
    signal: AbortSignal,
  ): ReturnType<typeof putS3Object> {
    const target = { ...this.#target(path), IfNoneMatch: "*" };
    return await putS3Object(await this.#calls.open(), target, body, ours, { ...options, signal });
  }

  async #upload(
    path: string,
    body: ObjectBody,
    ours: S3Fingerprint,
    options: PutOptions,
  ): Promise<PutResult> {
    const limits = {
      deadlineMs: this.#calls.deadlineMs(ours.size),
      signal: options.signal,
      group: this.#calls.group,
    };
    try {
      const answer = await withDeadline((signal) => this.#request(path, body, ours, options, signal), limits);
      const isKept = md5OfEtag(answer.ETag)?.equals(ours.md5) === true;
      if (isKept || answer.ServerSideEncryption?.startsWith("aws:kms")) return { status: "stored" };
    } catch (thrown) {
      if (options.signal?.aborted || thrown instanceof BodyError) throw thrown;
      const { error, verify } = this.#calls.failure(thrown, "put", path);
      if (verify) return await this.#compare(path, ours, options, "exists");
      if (!wasCut(error)) throw error;
      // Servers answer that the name is taken, and hang up, before they have all of a large body.
      const there = await this.#compare(path, ours, options, "exists").catch(() => undefined);
      if (there === undefined) throw error;
      return there;
    }
    // What answers 200 without the MD5 of what it was sent may not be the service (a captive portal): look.
    return await this.#compare(path, ours, options, "stored");
  }

  /** Looks at what is stored under the name: the same content is `same`, other content a conflict. */
  async #compare(
    path: string,
    ours: S3Fingerprint,
    options: PutOptions,
    same: "stored" | "exists",
  ): Promise<PutResult> {
    try {
      const { signal } = options;
      const there = await this.#look(path, "verify", signal);
      const content = there.Metadata?.["content"];
      const known = options.metadata?.["content"];
      if (content !== undefined && known !== undefined) {
        return content === known ? { status: same } : putConflict(path);
      }
      if (there.ContentLength !== ours.size) return putConflict(path);
      if (md5OfEtag(there.ETag)?.equals(ours.md5)) return { status: same };
      // Its tag may be another thing than its MD5.
      const sha256 = await this.#sha256Of(path, ours.size, signal);
      return sha256 === ours.sha256 ? { status: same } : putConflict(path);
    } catch (thrown) {
      if (!(thrown instanceof ObjectNotFoundError)) throw thrown;
      throw new StoreError("transient", `put ${path}: the service has it and has it not`, {
        operation: "put",
      });
    }
  }

  #look(path: string, operation: string, signal: AbortSignal | undefined) {
    return this.#calls.make(operation, path, signal, async (abortSignal) => {
      const { library, client } = await this.#calls.open();
      const command = new library.HeadObjectCommand(this.#target(path));
      return await client.send(command, { abortSignal });
    });
  }

  async get(path: string, options: GetOptions = {}): Promise<Uint8Array> {
    checkObjectPath(path, "get", this.#prefix.length);
    const { range, signal } = options;
    if (range) checkRange(range, "get: range");
    if (range && range.start === range.end) {
      await this.#look(path, "get", signal);
      return new Uint8Array(0);
    }
    try {
      return await this.#calls.make("get", path, signal, (abortSignal, extend) =>
        this.#download(path, options, abortSignal, extend),
      );
    } catch (thrown) {
      // The object ends before the range starts, as every range of an empty object does.
      if (range && thrown instanceof StoreError && thrown.statusCode === 416) return new Uint8Array(0);
      throw thrown;
    }
  }

  async #download(
    path: string,
    { range }: GetOptions,
    abortSignal: AbortSignal,
    extend: Extend,
  ): Promise<Uint8Array> {
    const { library, client } = await this.#calls.open();
    const command = new library.GetObjectCommand({
      ...this.#target(path),
      ...(range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {}),
    });
    const answer = await client.send(command, { abortSignal });
    const size = answer.ContentLength ?? 0;
    const stream = answer.Body as Readable;
    // Its end, when nobody reads on.
    stream.on("error", () => {});
    const max = range ? range.end - range.start : maxWholeBytes;
    if (size > max) {
      stream.destroy();
      throw getTooLarge(path, size, max);
    }
    extend(this.#calls.deadlineMs(size));
    return await readFully(stream, size);
  }

  /** The SHA-256 of an object whose tag is not its MD5, read in parts. */
  async #sha256Of(path: string, size: number, signal: AbortSignal | undefined): Promise<string> {
    const hash = createHash("sha256");
    for (let start = 0; start < size; start += partSize) {
      const range = { start, end: Math.min(size, start + partSize) };
      hash.update(await this.get(path, { range, ...(signal ? { signal } : {}) }));
    }
    return hash.digest("hex");
  }

  async *list(prefix: string, options: { signal?: AbortSignal } = {}): AsyncIterable<StoreEntry> {
    checkListPrefix(prefix, "list");
    for await (const page of this.#pages(prefix, true, options.signal)) yield* entriesOf(page, this.#prefix);
  }

  async listFolder(folder: string, options: { signal?: AbortSignal } = {}): Promise<StoreFolder> {
    checkFolder(folder, "listFolder");
    const [folders, objects]: [string[], StoreEntry[]] = [[], []];
    for await (const page of this.#pages(folder, false, options.signal)) {
      objects.push(...entriesOf(page, this.#prefix));
      folders.push(...foldersOf(page, this.#prefix));
    }
    return { folders, objects };
  }

  async *#pages(prefix: string, flat: boolean, signal: AbortSignal | undefined): AsyncIterable<S3Page> {
    const call = <T>(request: (abortSignal: AbortSignal) => Promise<T>): Promise<T> =>
      this.#calls.make("list", prefix, signal, request);
    const opened = await call(() => this.#calls.open());
    const { bucket, maxPageNames: maxNames } = this.#options;
    const place = { bucket, prefix: this.#prefix + prefix, flat, maxNames };
    yield* listS3Pages(opened, place, prefix, call);
  }

  async delete(path: string, { etag, signal }: DeleteOptions = {}): Promise<DeleteResult> {
    checkObjectPath(path, "delete", this.#prefix.length);
    try {
      // S3 says of what was not there that it is gone, and not every server knows conditions of a delete.
      const there = await this.#look(path, "delete", signal);
      if (etag !== undefined && there.ETag !== etag) return "changed";
      await this.#calls.make("delete", path, signal, async (abortSignal) => {
        const { library, client } = await this.#calls.open();
        const how = etag !== undefined && this.#options.endpoint === null ? { IfMatch: etag } : {};
        const command = new library.DeleteObjectCommand({ ...this.#target(path), ...how });
        await client.send(command, { abortSignal });
      });
      return "deleted";
    } catch (thrown) {
      if (thrown instanceof ObjectNotFoundError) return "absent";
      if (thrown instanceof StoreError && thrown.statusCode === 412) return "changed";
      throw thrown;
    }
  }

  async replace(path: string, bytes: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkObjectPath(path, "replace", this.#prefix.length);
    const { signal } = options;
    const ours = await s3FingerprintOf(bytes, signal);
    await this.#calls.make("replace", path, signal, async (abortSignal) => {
      const target = this.#target(path);
      await putS3Object(await this.#calls.open(), target, bytes, ours, { ...options, signal: abortSignal });
    });
  }

  async close(): Promise<void> {
    this.#calls.close();
  }

  #target(path: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#options.bucket, Key: this.#prefix + path };
  }
}
