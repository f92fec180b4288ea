/**
 * What handlers of Azure Functions may give in place of a response (`HttpResponseInit` of `@azure/functions`
 * 4), which makes one of it.
 */
export interface ResponseInitLike {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: ConstructorParameters<typeof Headers>[0];
  readonly body?: ConstructorParameters<typeof Response>[0];
  /** Goes before the body. */
  readonly jsonBody?: unknown;
}

/** These have no body, whatever a handler gives (Fetch, 2.2.3). */
const bodyless: readonly unknown[] = [204, 205, 304];

/** Whether a handler gave that; it gave no response. */
export function isResponseInit(value: unknown): value is ResponseInitLike {
  return typeof value === "object" && value !== null;
}

/** The response that the platform makes of it. Throws where that does. */
export function responseOf({ status, headers: given, body, jsonBody }: ResponseInitLike): Response {
  const headers = new Headers(given);
  const init = { ...(status === undefined ? {} : { status }), headers };
  if (bodyless.includes(status)) return new Response(null, init);
  if (jsonBody === undefined || jsonBody === null) return new Response(body ?? null, init);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return new Response(JSON.stringify(jsonBody), init);
}

/** The same as `given`, with what is to be sent in place of its own. */
export function initLike<T extends ResponseInitLike>(given: T, { status, headers, body }: Response): T {
  return { ...given, status, headers, body, jsonBody: undefined };
}
