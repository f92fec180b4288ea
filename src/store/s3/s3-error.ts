import { isError } from "../../base/errors.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { DeadlineError } from "../deadline.ts";
import {
  codePattern,
  headerPattern,
  matching,
  proxyPattern,
  type ServiceAnswer,
  wordsOf,
} from "../service/answer-facts.ts";
import { ObjectNotFoundError } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { classifyS3Answer } from "./s3-response.ts";

/**
 * The only way from an error of AWS's library to one of ours. Theirs hold the answer, the request with its
 * signature, and what a credential's file said. Only a status, a code and an id pass, each of a shape too
 * short and plain for a key or a signature; and the service's own sentence, without what could be one.
 */

/** What the library's errors look like, as far as we trust it. */
interface ForeignError {
  readonly name?: unknown;
  readonly Code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown; readonly requestId?: unknown };
  readonly $response?: {
    readonly statusCode?: unknown;
    readonly headers?: Readonly<Record<string, unknown>>;
  };
  /** Of errors of `http-send.ts`. */
  readonly throughProxy?: unknown;
}

interface AnswerDetails {
  readonly requestId?: string | undefined;
  readonly words?: string | undefined;
  readonly proxy?: string | undefined;
  /** The region that the bucket is in, where the service says so. */
  readonly region?: string | undefined;
}

function readS3Answer(thrown: unknown): ServiceAnswer & AnswerDetails {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as ForeignError;
  const header = (name: string): unknown => error.$response?.headers?.[name];
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  const statusCode = Number.isInteger(status) ? Number(status) : undefined;
  const name = matching(error.Code, codePattern) ?? (isError(thrown) ? thrown.name : undefined);
  return {
    statusCode,
    code: matching(statusCode === undefined ? (errorCode(thrown) ?? name) : name, codePattern),
    words: statusCode === undefined ? undefined : wordsOf(error.message),
    proxy: matching(error.throughProxy, proxyPattern),
    requestId: matching(error.$metadata?.requestId, /^[0-9A-Za-z-]{8,40}$/),
    region: matching(header("x-amz-bucket-region"), /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/),
    retryAfter: matching(header("retry-after"), headerPattern),
    date: matching(header("date"), headerPattern),
  };
}

/** What a failed request comes to: our error, and whether a look at the object decides. */
export interface S3Failure {
  readonly error: StoreError | ObjectNotFoundError;
  readonly verify: boolean;
}

/** Turns anything thrown during a request into {@link S3Failure}. `subject` is the path or the prefix. */
export function toS3Failure(thrown: unknown, operation: string, subject: string, nowMs: number): S3Failure {
  if (thrown instanceof StoreError || thrown instanceof ObjectNotFoundError)
    return { error: thrown, verify: false };
  const what = subject === "" ? operation : `${operation} ${subject}`;
  if (thrown instanceof DeadlineError) {
    return { error: new StoreError("transient", `${what}: ${thrown.message}`, { operation }), verify: false };
  }
  const answer = readS3Answer(thrown);
  const { kind, hint, retryAfterMs } = classifyS3Answer(answer, nowMs);
  const { statusCode, code, requestId, region, proxy, words } = answer;
  const facts = [statusCode && `status ${statusCode}`, code, requestId && `request ${requestId}`];
  facts.push(region && `the bucket is in ${region}`, proxy && `through the proxy ${proxy}`);
  const detail = facts.filter(Boolean).join(", ");
  const said = words === undefined || words === code ? "" : `; the service says: ${words}`;
  const message = `${what}: ${hint}${detail && ` (${detail})`}${said}`;
  if (kind === "missing") return { error: new ObjectNotFoundError(message), verify: false };
  const error = new StoreError(kind === "verify" ? "transient" : kind, message, {
    operation,
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(code === undefined ? {} : { code }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  return { error, verify: kind === "verify" };
}
