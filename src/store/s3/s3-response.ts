import {
  clockIsOff,
  type FailureRow,
  parseRetryAfter,
  withoutAnswer,
  type ServiceAnswer,
  type ServiceVerdict,
} from "../service/answer-facts.ts";

/**
 * What the answers of S3, and the lack of one, mean for whoever wants an object stored. Codes:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */

type Row = FailureRow | readonly [kind: "verify" | "missing", hint: string];

const refused = "the service refuses the credentials";
const elsewhere = "the bucket is in another region; set AWS_REGION to it";

const rowsByCode: ReadonlyMap<string, Row> = new Map(
  Object.entries<Row>({
    PreconditionFailed: ["verify", "an object of that name exists"],
    NoSuchKey: ["missing", "there is no such object"],
    NotFound: ["missing", "there is no such object"],
    NoSuchBucket: [
      "configuration",
      "the bucket does not exist; create it (aws s3 mb) or correct the destination",
    ],
    AllAccessDisabled: ["configuration", "the bucket is disabled"],
    InvalidBucketName: ["configuration", "the bucket's name is not a legal one"],
    AccessDenied: [
      "configuration",
      "the credentials lack a permission: s3:PutObject, s3:GetObject, and s3:ListBucket, without which nobody " +
        "is told that something is not there; or a policy of the bucket refuses this client",
    ],
    KMSAccessDenied: ["configuration", "the credentials may not use the key that the bucket encrypts with"],
    InvalidAccessKeyId: ["configuration", `${refused}: there is no such access key`],
    SignatureDoesNotMatch: ["configuration", `${refused}: the secret access key is wrong`],
    InvalidToken: ["configuration", `${refused}: the session token is malformed`],
    ExpiredToken: ["configuration", `${refused}: they have expired`],
    ExpiredTokenException: ["configuration", `${refused}: they have expired`],
    TokenRefreshRequired: ["configuration", `${refused}: they must be renewed`],
    AccountProblem: ["configuration", "the account has a problem"],
    RequestTimeTooSkewed: [
      "clock",
      "this machine's clock differs from the service's by more than 15 minutes; correct it",
    ],
    PermanentRedirect: ["configuration", elsewhere],
    TemporaryRedirect: ["transient", "the bucket has just been created, and not everybody knows it yet"],
    AuthorizationHeaderMalformed: ["configuration", elsewhere],
    IllegalLocationConstraintException: ["configuration", elsewhere],
    BadDigest: ["transient", "the bytes were damaged on their way"],
    XAmzContentSHA256Mismatch: ["transient", "the bytes were damaged on their way"],
    IncompleteBody: ["transient", "the bytes were cut on their way"],
    RequestTimeout: ["transient", "the bytes came too slowly"],
    ConditionalRequestConflict: ["transient", "another writer was at the same name"],
    OperationAborted: ["transient", "another writer was at the same name"],
    SlowDown: ["transient", "the service asks for fewer requests"],
    Throttling: ["transient", "the service asks for fewer requests"],
    ThrottlingException: ["transient", "the service asks for fewer requests"],
    InvalidObjectState: ["configuration", "the object is in an archive, and must be restored first"],
    NotImplemented: ["configuration", "the server cannot do what is needed: PUT with If-None-Match: *"],
    EntityTooLarge: ["rejected", "the object is larger than one request may store (5 GiB)"],
  }),
);

/** Of AWS's library, before there is any request: by the names of its errors. */
const rowsOfCredentials: ReadonlyMap<string, FailureRow> = new Map(
  Object.entries<FailureRow>({
    CredentialsProviderError: [
      "configuration",
      "no credentials for AWS were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or a role",
    ],
    TokenProviderError: ["configuration", "the login of AWS's profile has ended: aws sso login"],
  }),
);

/**
 * The meaning of a failed request. What nobody has met yet is `transient`: to keep and to retry is the only
 * mistake that loses nothing.
 */
export function classifyS3Answer(answer: ServiceAnswer, nowMs: number): ServiceVerdict {
  const [kind, hint] = rowOf(answer, nowMs);
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
  return { kind, hint, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function rowOf({ statusCode, code = "", date }: ServiceAnswer, nowMs: number): Row {
  if (statusCode === undefined) return rowsOfCredentials.get(code) ?? withoutAnswer(code);
  const row = rowsByCode.get(code);
  const unclear = row === undefined || code === "AccessDenied";
  if (unclear && (statusCode === 401 || statusCode === 403) && clockIsOff(date, nowMs)) {
    return ["clock", "this machine's clock differs from the service's by more than 5 minutes; correct it"];
  }
  return row ?? rowOfStatus(statusCode);
}

function rowOfStatus(statusCode: number): Row {
  switch (statusCode) {
    case 301:
    case 307:
      return ["configuration", elsewhere];
    case 400:
    case 413:
    case 416:
      return ["rejected", "the service refuses this request"];
    case 401:
    case 403:
      return ["configuration", `${refused}, or a policy of the bucket refuses this client`];
    case 404:
      return ["configuration", "the bucket or its server was not found"];
    case 407:
      return ["configuration", "the proxy wants to know who asks: a user and password in HTTPS_PROXY"];
    case 412:
      return ["verify", "an object of that name exists"];
    case 501:
      return ["configuration", "the server cannot do what is needed: PUT with If-None-Match: *"];
    case 408:
    case 409:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return ["transient", "the service is busy or out of order"];
    default:
      return ["transient", "an answer that is not S3's"];
  }
}
