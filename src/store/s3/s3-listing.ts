import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { systemClock } from "../../base/time/clock.ts";
import { sleep } from "../../base/time/wait.ts";
import { isObjectPath } from "../object-path.ts";
import { ListingEnd } from "../service/listing-end.ts";
import type { StoreEntry } from "../store.ts";
import { probeName } from "./conditional-puts.ts";
import type { OpenedS3 } from "./s3-client.ts";

/** A page of a listing, with names as they are. */
export interface S3Page {
  readonly objects: readonly S3Object[];
  /** Names of folders, with a slash at their end, where the listing does not go into them. */
  readonly folders: readonly string[];
}

interface S3Object {
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970 UTC. */
  readonly lastModified: number;
  readonly etag: string | undefined;
}

/**
 * Pages of the objects of a bucket whose names start with `prefix`, in order; with `flat: false` only those
 * in the folder that it names, and that folder's own folders. A page has `maxNames` at most, or as many as
 * the service gives. `call` makes one request, which it may end.
 * Throws what that throws, and a `StoreError` that names `subject` for a listing that has no end.
 */
export async function* listS3Pages(
  { library, client }: OpenedS3,
  place: {
    readonly bucket: string;
    readonly prefix: string;
    readonly flat: boolean;
    readonly maxNames: number | undefined;
  },
  subject: string,
  call: <T>(request: (signal: AbortSignal) => Promise<T>) => Promise<T>,
): AsyncIterable<S3Page> {
  const { bucket, prefix, flat, maxNames } = place;
  const end = new ListingEnd(subject);
  let token: string | undefined;
  do {
    const command = new library.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(flat ? {} : { Delimiter: "/" }),
      // XML cannot say every character that a name may have.
      EncodingType: "url",
      ...(maxNames === undefined ? {} : { MaxKeys: maxNames }),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const page = await call(async (abortSignal) => {
      if (end.pauseMs > 0) await sleep(systemClock, end.pauseMs, abortSignal);
      return await client.send(command, { abortSignal });
    });
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    const { objects, folders } = namesOf(page);
    end.page(objects.length + folders.length, [token, objects[0]?.name, folders[0]]);
    yield { objects, folders };
  } while (token !== undefined);
}

/** Not every server encodes what it is asked to. */
function namesOf({ Contents = [], CommonPrefixes = [], EncodingType }: ListObjectsV2CommandOutput): S3Page {
  const plain = (name: string): string => (EncodingType === "url" ? decode(name) : name);
  const objects = Contents.map(({ Key = "", Size = 0, LastModified, ETag }) => ({
    name: plain(Key),
    size: Size,
    lastModified: LastModified?.getTime() ?? 0,
    etag: ETag,
  }));
  return { objects, folders: CommonPrefixes.map(({ Prefix = "" }) => plain(Prefix)) };
}

/** What cannot be decoded is nobody's path. */
function decode(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return "";
  }
}

/** The objects of a page as entries of a store below `prefix`, without those that it has for itself. */
export function* entriesOf({ objects }: S3Page, prefix: string): Generator<StoreEntry> {
  for (const { name, size, lastModified, etag } of objects) {
    const path = name.slice(prefix.length);
    if (path === probeName || !isObjectPath(path)) continue;
    yield { path, size, lastModified, ...(etag === undefined ? {} : { etag }) };
  }
}

/** The folders of a page that can be parts of paths below `prefix`. */
export function foldersOf({ folders }: S3Page, prefix: string): readonly string[] {
  return folders.map((name) => name.slice(prefix.length)).filter((path) => isObjectPath(`${path}x`));
}
