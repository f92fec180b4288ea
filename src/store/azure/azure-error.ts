import { classifyAzureAnswer } from "./azure-response.ts";
import { DeadlineError } from "../deadline.ts";
import { ObjectNotFoundError } from "../store.ts";
import {
  codePattern,
  headerPattern,
  matching,
  proxyPattern,
  type ServiceAnswer,
  wordsOf,
} from "../service/answer-facts.ts";
import { proxyOf } from "../service/proxy.ts";
import { StoreError } from "../store-error.ts";

/**
 * The only way from an error of the Azure libraries to one of ours. Theirs hold the request: its URL with the
 * SAS, its headers with the signature or token. Only a status, a code and an id pass, each of a shape too
 * short and plain for a key or a signature; and the service's own sentence, without what could be one.
 */

/** What the libraries' errors look like, as far as we trust it. */
interface ForeignError {
  readonly name?: unknown;
  readonly statusCode?: unknown;
  readonly code?: unknown;
  readonly response?: {
    readonly headers?: { get?(name: string): unknown };
    readonly parsedBody?: { readonly message?: unknown };
  };
  readonly request?: { readonly url?: unknown; readonly agent?: unknown };
  /** Of errors of `azure-http.ts`. */
  readonly throughProxy?: unknown;
}

/** What there is to tell of a failed request, beside what decides. */
interface AnswerDetails {
  readonly requestId?: string | undefined;
  /** The service's own sentence. */
  readonly words?: string | undefined;
  /** Host and port. */
  readonly proxy?: string | undefined;
}

/** The checked facts of an error thrown by the Azure libraries. */
export function readAzureAnswer(thrown: unknown): ServiceAnswer & AnswerDetails {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as ForeignError;
  const header = (name: string): unknown => error.response?.headers?.get?.(name);
  const statusCode = Number.isInteger(error.statusCode) ? Number(error.statusCode) : undefined;
  return {
    statusCode,
    code: matching(header("x-ms-error-code"), codePattern) ?? matching(error.code, codePattern),
    words: wordsOf(error.response?.parsedBody?.message),
    proxy: matching(error.throughProxy ?? proxyOfRequest(error.request), proxyPattern),
    requestId: matching(header("x-ms-request-id"), requestIdPattern),
    retryAfter: matching(header("retry-after"), headerPattern),
    date: matching(header("date"), headerPattern),
  };
}

const requestIdPattern = /^[0-9a-fA-F-]{8,40}$/;

function proxyOfRequest(request: ForeignError["request"]): string | undefined {
  const { url, agent } = request ?? {};
  return typeof url === "string" && URL.canParse(url) ? proxyOf({ url, agent }) : undefined;
}

/**
 * What a credential needs for an operation, as a signature and as a role say it. Collecting never lists.
 * https://learn.microsoft.com/rest/api/storageservices/create-service-sas#permissions-for-a-directory-container-or-blob
 */
function permissionsFor(operation: string): string {
  if (operation === "delete")
    return "it needs to delete blobs (signature d, role Storage Blob Data Contributor)";
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
  const facts = [status, answer.code, answer.requestId && `request ${answer.requestId}`];
  const detail = [...facts, answer.proxy && `through the proxy ${answer.proxy}`].filter(Boolean).join(", ");
  const needs = answer.code === "AuthorizationPermissionMismatch" ? `; ${permissionsFor(operation)}` : "";
  const said = answer.words === undefined ? "" : `; the service says: ${answer.words}`;
  const message = `${what}: ${verdict.hint}${needs}${detail && ` (${detail})`}${said}`;
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

/** Whether whoever asked may do other things here. */
export function lacksPermission(error: Error): boolean {
  return error instanceof StoreError && error.code === "AuthorizationPermissionMismatch";
}
