import type { IncomingMessage } from "node:http";
import { endToEnd, tokensOf, valuesOf } from "./hop-headers.ts";

/** A request as it goes to the target. */
export interface ForwardedHead {
  readonly path: string;
  readonly headers: string[];
}

/** What the sidecar says in place of the target, and does not ask it. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Node loses headers beyond this number without a word, and frames the message by what it lost. */
export const maxHeaders = 1_000;

/**
 * Why a request is not passed on; undefined if it is. Another server could read it as something else than
 * Node's parser did, and so find a second request in it (RFC 9112, 3.2, 6.1, 11.2).
 */
export function refusalOf({ rawHeaders, httpVersion }: IncomingMessage): Refusal | undefined {
  if (rawHeaders.length / 2 >= maxHeaders) return { status: 431, reason: "too many header fields" };
  const hosts = valuesOf(rawHeaders, "host").length;
  if (hosts > 1) return { status: 400, reason: "more than one Host" };
  // Here and not by Node, which would go on with what stands behind the request.
  if (hosts === 0 && httpVersion === "1.1") return { status: 400, reason: "no Host" };
  const coding = tokensOf(rawHeaders, "transfer-encoding");
  if (coding.length === 0) return undefined;
  if (httpVersion !== "1.1") return { status: 400, reason: "Transfer-Encoding in HTTP/1.0" };
  if (coding.join() !== "chunked") return { status: 501, reason: "a transfer coding other than chunked" };
  return undefined;
}

/**
 * The head that goes to the target. Added are `Via` (RFC 9110, 7.6.3), `X-Forwarded-For` with the client's
 * address at its end, `X-Forwarded-Host` and `X-Forwarded-Proto` where nobody has said them before, and the
 * request's id where the client gave none.
 *
 * @param authority what stands in `Host` where the client sent none.
 * @param madeId the id that was made for the request; undefined if it came with one.
 */
export function forwardedHead(
  request: IncomingMessage,
  authority: string,
  madeId: string | undefined,
): ForwardedHead {
  const { rawHeaders, socket } = request;
  const target = originForm(request.url ?? "/");
  const chunked = tokensOf(rawHeaders, "transfer-encoding").length > 0;
  const seen = new Set<string>();
  const forwardedFor: string[] = [];
  const headers = endToEnd(rawHeaders, { chunked }, (name, value) => {
    if (name === "x-forwarded-for") forwardedFor.push(value);
    else seen.add(name);
    return name !== "x-forwarded-for" && !(name === "host" && target.authority !== undefined);
  });
  const host = target.authority ?? valuesOf(rawHeaders, "host")[0];
  if (target.authority !== undefined || host === undefined) headers.unshift("Host", host ?? authority);
  const address = addressText(socket.remoteAddress);
  if (address !== undefined) forwardedFor.push(address);
  if (forwardedFor.length > 0) headers.push("X-Forwarded-For", forwardedFor.join(", "));
  if (!seen.has("x-forwarded-host") && host !== undefined) headers.push("X-Forwarded-Host", host);
  if (!seen.has("x-forwarded-proto")) headers.push("X-Forwarded-Proto", "http");
  headers.push("Via", `${request.httpVersion} mdc`);
  if (madeId !== undefined) headers.push("X-Request-Id", madeId);
  // Trailers of the answer are passed on, so whoever wants them may say so.
  if (tokensOf(rawHeaders, "te").includes("trailers")) headers.push("TE", "trailers", "Connection", "TE");
  return { path: target.path, headers };
}

/** A client's address as it is told on; one of IPv4 as such. */
export function addressText(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/, "");
}

/** Whether a body comes: then one of these says where it ends. */
export function hasBody({ rawHeaders }: IncomingMessage): boolean {
  const [length] = valuesOf(rawHeaders, "content-length");
  return (length !== undefined && Number(length) > 0) || valuesOf(rawHeaders, "transfer-encoding").length > 0;
}

/** A request target in absolute form counts more than `Host` (RFC 9112, 3.2.2). */
function originForm(url: string): { readonly path: string; readonly authority: string | undefined } {
  const [whole, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
  if (whole === undefined || authority === undefined) return { path: url, authority: undefined };
  const path = url.slice(whole.length);
  return { path: path.startsWith("/") ? path : `/${path}`, authority: authority.replace(/^.*@/, "") };
}
