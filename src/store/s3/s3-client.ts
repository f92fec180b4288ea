import type * as aws from "@aws-sdk/client-s3";
import { missingPeer } from "../missing-peer.ts";
import { StoreError } from "../store-error.ts";

/** A bucket, and the folder in it that a store may touch. */
export interface S3Location {
  readonly bucket: string;
  /** Without leading or trailing `/`; may be empty. */
  readonly prefix: string;
  /** The origin of a server that is not AWS's own. */
  readonly endpoint: string | null;
  /** Null leaves it to AWS's configuration files. */
  readonly region: string | null;
}

/** Keys as they are given out: for tests, and for who has them from elsewhere. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** AWS's library. */
type S3Library = typeof aws;

/** Rejects with a `StoreError` that says what to install. A few hundred milliseconds, the first time. */
async function loadS3Library(): Promise<S3Library> {
  // Inside of `try`, where webpack lets what is not installed be.
  try {
    return await import("@aws-sdk/client-s3");
  } catch (thrown) {
    throw missingPeer(thrown, "@aws-sdk/client-s3", "a destination in S3");
  }
}

/** All that the first request needs. Rejects if it cannot be loaded. */
export async function loadS3(): Promise<void> {
  await Promise.all([loadS3Library(), import("./s3-http.ts")]);
}

/** It would print warnings to the console of whoever uses us; what matters is in what it throws. */
const silent: NonNullable<aws.S3ClientConfig["logger"]> = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
};

/** What makes requests, and the library that makes them. */
export interface OpenedS3 {
  readonly library: S3Library;
  /** It holds secrets: never print it. */
  readonly client: aws.S3Client;
}

/**
 * Opens a client. Without `keys` AWS's own chain finds who we are (variables, configuration files, web
 * identity, container, instance), at each call if need be.
 */
export async function openS3(location: S3Location, keys: S3Keys | undefined): Promise<OpenedS3> {
  const library = await loadS3Library();
  const { awsHttpHandler } = await import("./s3-http.ts");
  const { endpoint, bucket } = location;
  // What is not AWS's own has no regions, and signs with the one that everybody takes.
  const region = location.region ?? (endpoint === null ? null : "us-east-1");
  const client = new library.S3Client({
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    // Hosts below the server's have no names, mostly; and below a bucket's with a dot no certificate.
    forcePathStyle: endpoint !== null || bucket.includes("."),
    ...(keys === undefined ? {} : { credentials: keys }),
    // The delivery loop retries: it knows the service's Retry-After, and survives the process.
    maxAttempts: 1,
    // Bodies have their checksums from us: in any server's words, and of streams too.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
    requestHandler: awsHttpHandler,
    customUserAgent: "model-data-collector",
    logger: silent,
  });
  await checkRegion(client);
  return { library, client };
}

async function checkRegion(client: aws.S3Client): Promise<void> {
  try {
    await client.config.region();
  } catch {
    const message = "the region of the bucket is not known: set AWS_REGION";
    throw new StoreError("configuration", message, { operation: "open" });
  }
}
