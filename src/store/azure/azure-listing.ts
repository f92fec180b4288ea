import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import { systemClock } from "../../base/time/clock.ts";
import { sleep } from "../../base/time/wait.ts";
import { isObjectPath } from "../object-path.ts";
import { ListingEnd } from "../service/listing-end.ts";
import type { StoreEntry } from "../store.ts";

/**
 * Objects of one page: with long names and much metadata of their own they still fit into `maxAnswerBytes`.
 */
const pageSize = 2_000;

/** A page of a listing. */
export interface ListedPage {
  readonly items: readonly BlobItem[];
  /** Names of folders, with a slash at their end, where the listing does not go into them. */
  readonly folders: readonly string[];
}

/**
 * Pages of the blobs of a container whose names start with `prefix`, in order; with `flat: false` only those
 * in the folder that it names, and that folder's own folders. `call` makes one request,
 * which it may end. Throws what that throws, and a `StoreError` that names `subject` for a listing that
 * has no end: it goes round, or has nothing but empty pages.
 */
export async function* listPages(
  container: ContainerClient,
  prefix: string,
  subject: string,
  call: <T>(request: (signal: AbortSignal) => Promise<T>) => Promise<T>,
  { flat = true }: { readonly flat?: boolean } = {},
): AsyncIterable<ListedPage> {
  const end = new ListingEnd(subject);
  let continuationToken: string | undefined;
  do {
    const page = await call(async (abortSignal) => {
      if (end.pauseMs > 0) await sleep(systemClock, end.pauseMs, abortSignal);
      // Metadata tells the folders of an account with a hierarchical namespace from objects.
      const options = { prefix, includeMetadata: true, abortSignal };
      const from = continuationToken === undefined ? {} : { continuationToken };
      const settings = { maxPageSize: pageSize, ...from };
      if (flat) return (await container.listBlobsFlat(options).byPage(settings).next()).value;
      return (await container.listBlobsByHierarchy("/", options).byPage(settings).next()).value;
    });
    const items = page?.segment.blobItems ?? [];
    const prefixes =
      page !== undefined && "blobPrefixes" in page.segment ? page.segment.blobPrefixes : undefined;
    const folders = (prefixes ?? []).map(({ name }: { readonly name: string }) => name);
    continuationToken = page?.continuationToken;
    end.page(items.length + folders.length, [continuationToken, items[0]?.name, folders[0]]);
    yield { items, folders };
  } while (continuationToken);
}

/** The objects among what was listed; `prefix` is what the store has put before their paths. */
export function* entriesOf(items: readonly BlobItem[], prefix: string): Generator<StoreEntry> {
  for (const { name, properties, metadata } of items) {
    const path = name.slice(prefix.length);
    if (metadata?.["hdi_isfolder"] === "true" || !isObjectPath(path)) continue;
    const { contentLength: size = 0, lastModified, etag } = properties;
    const beside = metadata === undefined ? {} : { metadata };
    yield { path, size, lastModified: lastModified.getTime(), etag, ...beside };
  }
}
