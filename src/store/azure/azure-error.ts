import { type AzureAnswer, classifyAzureAnswer } from "./azure-response.ts";
import { DeadlineError } from "../deadline.ts";
import { ObjectNotFoundError } from "../store.ts";
import { StoreError } from "../store-error.ts";

/**
 * The only way from an error of the Azure libraries to one of ours. Theirs hold the request: its URL with the
 * SAS, its headers with the signature or token. Only a status, a code and an id pass, each of a shape too
 * short and plain for a key or a signature.
 */

/** What the libraries' errors look like, as far as we trust it. */
interface ForeignError {
  readonly name?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly response?: { readonly headers?: { get?(name: string): unknown } };
}

/** The checked facts of an error thrown by the Azure libraries. */
export function readAzureAnswer(thrown: unknown): AzureAnswer & { readonly requestId?: string | undefined } {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as ForeignError;
  const header = (name: string): unknown => error.response?.headers?.get?.(name);
  const statusCode = Number.isInteger(error.statusCode) ? Number(error.statusCode) : undefined;
  return {
    statusCode,
    code: matching(header("x-ms-error-code"), codePattern) ?? matching(error.code, codePattern),
    requestId: matching(header("x-ms-request-id"), requestIdPattern),
    retryAfter: matching(header("retry-after"), headerPattern),
    date: matching(header("date"), headerPattern),
  };
}

const codePattern = /^[A-Za-z][A-Za-z0-9_]{1,63}$/;
const requestIdPattern = /^[0-9a-fA-F-]{8,40}$/;
const headerPattern = /^[A-Za-z0-9 ,:+-]{1,40}$/;

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === "string" && pattern.test(value) ? value : undefined;
}

/**
 * What a credential needs for an operation, as a signature and as a role say it. Collecting never lists.
 * https://learn.microsoft.com/rest/api/storageservices/create-service-sas#permissions-for-a-directory-container-or-blob
 */
function permissionsFor(operation: string): string {
  return operation === "list"
    ? "it needs to list and to read blobs (signature lr, role Storage Blob Data Reader)"
    : "it needs to create and to read blobs (signature cr, role Storage Blob Data Contributor)";
}

/** What a failed request comes to: our error, and whether a look at the object decides. */
export interface AzureFailure {
  readonly error: StoreError | ObjectNotFoundError;
  readonly verify: boolean;
}

/**
 * Turns anything thrown during a request into {@link AzureFailure}. `subject` is the object's path or the
 * prefix.
 */
export function toAzureFailure(
  thrown: unknown,
  operation: string,
  subject: string,
  nowMs: number,
): AzureFailure {
  if (thrown instanceof StoreError || thrown instanceof ObjectNotFoundError)
    return { error: thrown, verify: false };
  const what = subject === "" ? operation : `${operation} ${subject}`;
  if (thrown instanceof DeadlineError) {
    return { error: new StoreError("transient", `${what}: ${thrown.message}`, { operation }), verify: false };
  }
  const answer = readAzureAnswer(thrown);
  const verdict = classifyAzureAnswer(answer, nowMs);
  const status = answer.statusCode === undefined ? undefined : `status ${answer.statusCode}`;
  const detail = [status, answer.code, answer.requestId && `request ${answer.requestId}`]
    .filter(Boolean)
    .join(", ");
  const needs = answer.code === "AuthorizationPermissionMismatch" ? `; ${permissionsFor(operation)}` : "";
  const message = `${what}: ${verdict.hint}${needs}${detail && ` (${detail})`}`;
  if (verdict.kind === "missing") return { error: new ObjectNotFoundError(message), verify: false };
  const verify = verdict.kind === "verify";
  const error = new StoreError(verdict.kind === "verify" ? "transient" : verdict.kind, message, {
    operation,
    ...(answer.statusCode === undefined ? {} : { statusCode: answer.statusCode }),
    ...(answer.code === undefined ? {} : { code: answer.code }),
    ...(answer.requestId === undefined ? {} : { requestId: answer.requestId }),
    ...(verdict.retryAfterMs === undefined ? {} : { retryAfterMs: verdict.retryAfterMs }),
  });
  return { error, verify };
}
