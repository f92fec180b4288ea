import { createHash } from "node:crypto";
import type { BlockBlobClient, BlockBlobUploadResponse } from "@azure/storage-blob";
import { BodySource } from "../body-source.ts";
import { bodyChunks, bodySize } from "../object-body.ts";
import type { ObjectBody, PutOptions } from "../store.ts";

const smallCallDeadlineMs = 15_000;
const slowestBytesPerMs = 65_536 / 1_000;

/** Milliseconds that one attempt may take for so many bytes, where nobody says otherwise. */
export function defaultDeadlineMs(size: number): number {
  return Math.max(smallCallDeadlineMs, size / slowestBytesPerMs);
}

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

/** All bytes of an answer, which must be as many as it announced. */
export async function readFully(stream: NodeJS.ReadableStream, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    if (at + chunk.byteLength > size) throw new CutAnswerError();
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  if (at < size) throw new CutAnswerError();
  return bytes;
}

/** Fewer or more bytes came than were announced: a failed connection, like any other. */
class CutAnswerError extends Error {}
