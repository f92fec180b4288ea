import { createHash } from "node:crypto";
import type { BlockBlobClient, BlockBlobUploadResponse } from "@azure/storage-blob";
import { BodySource } from "../body-source.ts";
import { bodyChunks, bodySize } from "../object-body.ts";
import type { ObjectBody, PutOptions } from "../store.ts";

/** What tells one body from another. */
export interface Fingerprint {
  readonly md5: Uint8Array;
  readonly size: number;
}

/** Reads `body` once; throws as {@link bodyChunks} does. */
export async function fingerprintOf(body: ObjectBody, signal: AbortSignal | undefined): Promise<Fingerprint> {
  const hash = createHash("md5");
  for await (const chunk of bodyChunks(body, signal)) hash.update(chunk);
  return { md5: hash.digest(), size: bodySize(body) };
}

/**
 * One Put Blob, conditional on a free name. https://learn.microsoft.com/rest/api/storageservices/put-blob
 * Throws what the Azure library throws, or the `BodyError` of a failed source.
 */
export async function uploadBlob(
  blob: BlockBlobClient,
  body: ObjectBody,
  { md5, size }: Fingerprint,
  options: PutOptions,
  signal: AbortSignal,
): Promise<BlockBlobUploadResponse> {
  const source = new BodySource(body, signal);
  try {
    return await blob.upload(source.content, size, {
      abortSignal: source.signal,
      conditions: { ifNoneMatch: "*" },
      blobHTTPHeaders: {
        blobContentType: options.contentType ?? "application/octet-stream",
        blobContentMD5: md5,
      },
      transactionalContentMD5: md5,
      ...(options.metadata ? { metadata: { ...options.metadata } } : {}),
    });
  } catch (thrown) {
    throw source.failure ?? thrown;
  } finally {
    source.close();
  }
}
