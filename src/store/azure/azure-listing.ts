import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import { systemClock } from "../../base/time/clock.ts";
import { sleep } from "../../base/time/wait.ts";
import { isObjectPath } from "../object-path.ts";
import type { StoreEntry } from "../store.ts";
import { StoreError } from "../store-error.ts";

/**
 * Objects of one page: with long names and much metadata of their own they still fit into `maxAnswerBytes`.
 */
const pageSize = 2_000;
/** Of two for each page: far above what a container of this product holds. */
const maxMarks = 100_000;
/**
 * Pages without an object are legal, where many were deleted. After a few in a row the next ones are asked
 * for less often, and at some time nobody believes in an end.
 */
const maxQuickEmptyPages = 20;
const maxEmptyPages = 1_000;
const emptyPagePauseMs = 200;

/** A page of a listing. */
export interface ListedPage {
  readonly items: readonly BlobItem[];
  /** Names of folders, with a slash at their end, where the listing does not go into them. */
  readonly folders: readonly string[];
}

/**
 * Pages of the blobs of a container whose names start with `prefix`, in order; with `flat: false` only those
 * in the folder that it names, and that folder's own folders. `call` makes one request,
 * which it may end. Throws what that throws, and a {@link StoreError} that names `subject` for a listing that
 * has no end: it goes round, or has nothing but empty pages.
 */
export async function* listPages(
  container: ContainerClient,
  prefix: string,
  subject: string,
  call: <T>(request: (signal: AbortSignal) => Promise<T>) => Promise<T>,
  { flat = true }: { readonly flat?: boolean } = {},
): AsyncIterable<ListedPage> {
  const seen = new Set<string>();
  let emptyPages = 0;
  let continuationToken: string | undefined;
  do {
    const page = await call(async (abortSignal) => {
      if (emptyPages > maxQuickEmptyPages) await sleep(systemClock, emptyPagePauseMs, abortSignal);
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
    emptyPages = items.length + folders.length === 0 ? emptyPages + 1 : 0;
    // A listing that goes round has a page, or the place where one begins, twice.
    const marks = [continuationToken, items[0]?.name, folders[0]].filter(
      (mark) => mark !== undefined && mark !== "",
    );
    const repeats = marks.some((mark) => seen.has(mark));
    if (repeats || emptyPages > maxEmptyPages || seen.size > maxMarks) {
      const message = `list ${subject}: the listing has no end; something answers that is not the Blob service`;
      throw new StoreError("transient", message, { operation: "list" });
    }
    for (const mark of marks) seen.add(mark);
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
