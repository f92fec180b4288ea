import { told, wrongValue } from "../../base/errors.ts";
import { createAzureBlobStore } from "./azure-blob-store.ts";
import { checkLocation } from "./azure-container.ts";
import type { AzureCredential } from "./azure-credential.ts";
import {
  type AzureDatastoreReference,
  checkDatastoreRequest,
  resolveAzureDatastore,
} from "./azure-datastore.ts";
import { withDeadline } from "../deadline.ts";
import {
  type DeleteOptions,
  type DeleteResult,
  folderOf,
  type GetOptions,
  type ObjectBody,
  type PutOptions,
  type PutResult,
  type StoreEntry,
  type StoreFolder,
  type UpkeepStore,
} from "../store.ts";
import { putFailure, toPutError } from "../store-error.ts";

/** Which datastore, and as whom. */
export interface AzureDatastoreStoreOptions extends AzureDatastoreReference {
  /** Of kind `token`: a key or a signature of a storage account says nothing to the workspace. */
  readonly credential: AzureCredential;
  /** Azure Resource Manager. Default `https://management.azure.com`. */
  readonly managementUrl?: string;
  /** Milliseconds one attempt may take for that many bytes: see `createAzureBlobStore`. */
  readonly attemptDeadlineMs?: (size: number) => number;
}

/**
 * An {@link UpkeepStore} in a datastore of an Azure Machine Learning workspace. The first call that
 * succeeds in asking the workspace decides where it is; a failure to ask is answered like a failure to
 * store.
 */
export function createAzureDatastoreStore(options: AzureDatastoreStoreOptions): UpkeepStore {
  const { credential } = options;
  if (credential.kind !== "token") {
    const expected =
      "a token credential for an azureml:// destination (or the blob URL of the datastore as destination)";
    throw wrongValue("createAzureDatastoreStore: credential", expected, told(credential.kind));
  }
  checkDatastoreRequest(options, options.managementUrl, "createAzureDatastoreStore");
  // The account is not known yet; the rest can be checked now.
  const { prefix } = options;
  checkLocation(
    { accountUrl: "https://account.blob.core.windows.net", container: "container", prefix },
    { kind: "token", source: credential },
    "createAzureDatastoreStore",
  );
  return new AzureDatastoreStore(options, credential);
}

const resolveDeadlineMs = 15_000;

class AzureDatastoreStore implements UpkeepStore {
  readonly description: string;
  readonly #options: AzureDatastoreStoreOptions;
  readonly #credential: Extract<AzureCredential, { kind: "token" }>;
  #store: Promise<UpkeepStore> | undefined;
  #closed = false;

  constructor(options: AzureDatastoreStoreOptions, credential: Extract<AzureCredential, { kind: "token" }>) {
    const { workspace, datastore, prefix } = options;
    this.description = `azureml datastore ${datastore} of workspace ${workspace}, paths/${prefix}`;
    this.#options = options;
    this.#credential = credential;
  }

  async put(path: string, body: ObjectBody, options?: PutOptions): Promise<PutResult> {
    let store: UpkeepStore;
    try {
      store = await this.#resolve(options?.signal);
    } catch (thrown) {
      return putFailure(toPutError(path, thrown, options?.signal));
    }
    return await store.put(path, body, options);
  }

  async get(path: string, options?: GetOptions): Promise<Uint8Array> {
    return await (await this.#resolve(options?.signal)).get(path, options);
  }

  async *list(prefix: string, options?: { signal?: AbortSignal }): AsyncIterable<StoreEntry> {
    yield* (await this.#resolve(options?.signal)).list(prefix, options);
  }

  async listFolder(folder: string, options?: { signal?: AbortSignal }): Promise<StoreFolder> {
    return await folderOf(await this.#resolve(options?.signal), folder, options);
  }

  async delete(path: string, options?: DeleteOptions): Promise<DeleteResult> {
    return await (await this.#resolve(options?.signal)).delete(path, options);
  }

  async replace(path: string, bytes: Uint8Array, options?: { signal?: AbortSignal }): Promise<void> {
    await (await this.#resolve(options?.signal)).replace?.(path, bytes, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#store?.then((store) => store.close()).catch(() => {});
  }

  /** One question at a time, for all who wait; a failed one is asked again by the next caller. */
  async #resolve(signal: AbortSignal | undefined): Promise<UpkeepStore> {
    this.#store ??= this.#open().catch((thrown: unknown) => {
      this.#store = undefined;
      throw thrown;
    });
    const answer = this.#store;
    return await withDeadline(() => answer, { deadlineMs: 2 * resolveDeadlineMs, signal });
  }

  async #open(): Promise<UpkeepStore> {
    const { managementUrl, attemptDeadlineMs } = this.#options;
    const location = await resolveAzureDatastore(this.#options, {
      credential: this.#credential,
      ...(managementUrl === undefined ? {} : { managementUrl }),
      deadlineMs: resolveDeadlineMs,
    });
    const store = createAzureBlobStore({
      ...location,
      credential: this.#credential,
      ...(attemptDeadlineMs ? { attemptDeadlineMs } : {}),
    });
    if (this.#closed) await store.close();
    return store;
  }
}
