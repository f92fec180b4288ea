import { createHash } from "node:crypto";
import type { PutObjectCommandOutput } from "@aws-sdk/client-s3";
import { BodySource } from "../body-source.ts";
import { bodyChunks, bodySize } from "../object-body.ts";
import type { ObjectBody, PutOptions } from "../store.ts";
import type { OpenedS3 } from "./s3-client.ts";

/** What tells one body from another, and proves its bytes on the wire. */
export interface S3Fingerprint {
  readonly md5: Buffer;
  /** Signed with the request. */
  readonly sha256: string;
  readonly size: number;
}

/** Reads `body` once; throws as {@link bodyChunks} does. */
export async function s3FingerprintOf(
  body: ObjectBody,
  signal: AbortSignal | undefined,
): Promise<S3Fingerprint> {
  const [md5, sha256] = [createHash("md5"), createHash("sha256")];
  for await (const chunk of bodyChunks(body, signal)) {
    md5.update(chunk);
    sha256.update(chunk);
  }
  return { md5: md5.digest(), sha256: sha256.digest("hex"), size: bodySize(body) };
}

/**
 * The MD5 of an object that was stored by one request and not encrypted with a key of KMS; else undefined.
 */
export function md5OfEtag(etag: string | undefined): Buffer | undefined {
  const [, hex] = /^"?([0-9a-f]{32})"?$/i.exec(etag ?? "") ?? [];
  return hex === undefined ? undefined : Buffer.from(hex, "hex");
}

/**
 * One PutObject, conditional on what `target` says. The bytes are proven twice: by Content-MD5, and by their
 * SHA-256 in the signature. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * Throws what AWS's library throws, or the `BodyError` of a failed source.
 */
export async function putS3Object(
  { library, client }: OpenedS3,
  target: { readonly Bucket: string; readonly Key: string; readonly IfNoneMatch?: string },
  body: ObjectBody,
  { md5, sha256, size }: S3Fingerprint,
  options: PutOptions & { readonly signal: AbortSignal },
): Promise<PutObjectCommandOutput> {
  const source = new BodySource(body, options.signal);
  try {
    const { content } = source;
    const command = new library.PutObjectCommand({
      ...target,
      Body: (typeof content === "function" ? content() : content) as Uint8Array,
      ContentLength: size,
      ContentMD5: md5.toString("base64"),
      ContentType: options.contentType ?? "application/octet-stream",
      ...(options.metadata ? { Metadata: { ...options.metadata } } : {}),
    });
    // Otherwise a stream would go unsigned, or be read once more.
    command.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as { headers: Record<string, string> };
        headers["x-amz-content-sha256"] = sha256;
        return next(args);
      },
      { step: "build", name: "knownChecksum" },
    );
    return await client.send(command, { abortSignal: source.signal });
  } catch (thrown) {
    throw source.failure ?? thrown;
  } finally {
    source.close();
  }
}
