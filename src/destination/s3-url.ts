import { wrongValue } from "../base/errors.ts";
import { isLoopback } from "./loopback.ts";
import type { Destination } from "./destination.ts";
import { decodePath, joinPrefix, shownUrl } from "./url-text.ts";

/** A bucket of S3, and where it is as far as the environment says so. */
export type S3Destination = Extract<Destination, { kind: "s3" }>;

const expected = "s3://<bucket>/<prefix>";

/**
 * Reads `s3://<bucket>/<prefix>`; the prefix may be missing. Where S3 is (region, another server than AWS's
 * own) the environment says.
 */
export function parseS3Url(text: string, where: string): S3Destination {
  const shown = shownUrl(text);
  const refuse = (what: string) => wrongValue(where, what, shown);
  const parts = /^s3:\/\/([^/?#]*)([^?#]*)$/i.exec(text);
  if (parts === null || /[\s\\\p{Cc}]/u.test(text)) throw refuse(`${expected} without query and fragment`);
  const [, bucket = "", path = ""] = parts;
  if (bucket.includes("@") || bucket.includes(":"))
    throw refuse(`${expected} without keys (AWS_* name them)`);
  if (!isBucketName(bucket)) throw refuse("a bucket name of 3 to 63 a-z, 0-9, - and single dots");
  const prefix = joinPrefix(decodePath(path, text, where), refuse);
  return { kind: "s3", bucket, prefix, endpoint: null, region: null };
}

/**
 * Amazon S3: "General purpose bucket naming rules". Not those of directory buckets, whose listings have no
 * order, nor access points by their alias or ARN.
 */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]$/.test(name) &&
    !/^\d+(\.\d+){3}$|--x-s3$|-s3alias$|--ol-s3$/.test(name)
  );
}

/**
 * The origin of an endpoint. It is https, but in a private network: what is stored must not cross the world
 * in clear, nor may a session's token.
 */
export function parseS3Endpoint(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && /^https?:\/\/[^/?#@\s\\]+\/?$/i.test(text) && url.port !== "0";
  if (!plain) throw wrongValue(where, "the URL of a server, without path, user and query", shownUrl(text));
  if (url.protocol === "http:" && !isPrivate(url.hostname)) {
    throw wrongValue(where, "https (http is only for this machine and private networks)", shownUrl(text));
  }
  return url.origin;
}

/** Names that no name server of the world has, and addresses that nothing routes over it. */
function isPrivate(hostname: string): boolean {
  return (
    isLoopback(hostname) ||
    /^[a-z0-9_-]+$/.test(hostname) ||
    /\.(svc|local|internal|lan|home\.arpa)$/.test(hostname) ||
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)[\d.]+$/.test(hostname) ||
    /^\[f[cd][0-9a-f]{2}:/.test(hostname)
  );
}
