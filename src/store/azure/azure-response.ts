import {
  clockIsOff,
  parseRetryAfter,
  withoutAnswer,
  type ServiceAnswer,
  type ServiceVerdict,
} from "../service/answer-facts.ts";

/**
 * What the Blob service's answers, and the lack of one, mean for whoever wants an object stored. Codes:
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and
 * common-rest-api-error-codes.
 */

type Row = readonly [kind: ServiceVerdict["kind"], hint: string];

const rowsByCode: ReadonlyMap<string, Row> = new Map(
  Object.entries<Row>({
    BlobAlreadyExists: ["verify", "an object of that name exists"],
    // A SAS with create but without write permission is answered like this when the blob exists.
    UnauthorizedBlobOverwrite: ["verify", "an object of that name exists"],
    BlobNotFound: ["missing", "there is no such object"],
    ContainerNotFound: [
      "configuration",
      "the container does not exist; create it (az storage container create) or correct the destination",
    ],
    ContainerBeingDeleted: [
      "configuration",
      "the container is being deleted; create it again when that is done",
    ],
    ContainerDisabled: ["configuration", "the container is disabled"],
    AccountIsDisabled: ["configuration", "the storage account is disabled"],
    AccountBeingCreated: ["transient", "the storage account is being created"],
    AccountRequiresHttps: ["configuration", "the storage account wants https"],
    AuthorizationPermissionMismatch: ["configuration", "the credential lacks a permission"],
    Md5Mismatch: ["transient", "the bytes were damaged on their way"],
    InvalidAuthenticationInfo: ["configuration", "the credential is malformed or expired"],
    InvalidHeaderValue: ["configuration", "the service does not know a header or version this client sends"],
    UnsupportedHeader: ["configuration", "the service does not know a header this client sends"],
    MissingRequiredHeader: ["configuration", "something between here and the service removed a header"],
    InvalidResourceName: ["configuration", "the container or prefix is not a legal name"],
  }),
);

/**
 * The meaning of a failed request. What nobody has met yet is `transient`: to keep and to retry is the only
 * mistake that loses nothing.
 */
export function classifyAzureAnswer(answer: ServiceAnswer, nowMs: number): ServiceVerdict {
  const [kind, hint] = rowOf(answer, nowMs);
  const retryAfterMs = parseRetryAfter(answer.retryAfter, nowMs);
  return { kind, hint, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function rowOf(answer: ServiceAnswer, nowMs: number): Row {
  const { statusCode, code } = answer;
  if (statusCode === undefined) {
    return withoutAnswer(code);
  }
  if ((statusCode === 401 || statusCode === 403) && clockIsOff(answer.date, nowMs)) {
    return ["clock", "this machine's clock differs from the service's by more than 5 minutes; correct it"];
  }
  const row = code === undefined || statusCode < 400 || statusCode >= 500 ? undefined : rowsByCode.get(code);
  return row ?? rowOfStatus(statusCode);
}

function rowOfStatus(statusCode: number): Row {
  switch (statusCode) {
    case 400:
    case 413:
    case 416:
      return ["rejected", "the service refuses this request"];
    case 401:
    case 403:
      return [
        "configuration",
        "the service refuses the credential, or a firewall rule of the account refuses this client",
      ];
    case 404:
      return ["configuration", "the storage account or container was not found"];
    case 409:
      return ["configuration", "a lease, a snapshot or an immutability policy forbids it"];
    case 407:
      return ["configuration", "the proxy wants to know who asks: a user and password in HTTPS_PROXY"];
    case 412:
      return ["verify", "an object of that name exists"];
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return ["transient", "the service is busy or out of order"];
    default:
      return ["transient", "an answer that is not the Blob service's"];
  }
}
