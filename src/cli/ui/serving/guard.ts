import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Says who may ask: whoever was given the URL, from this machine, by the page itself. */
export class Guard {
  /** What stands in the URL behind `#token=`, which no browser sends anywhere. */
  readonly token: string = randomBytes(24).toString("base64url");
  readonly #digest = digestOf(this.token);

  /**
   * Why a request is refused that any page may have sent; undefined if it is not. Its `Host` has to be the
   * address itself: a name that somebody has made to point to this machine (DNS rebinding) is another one.
   */
  refusalOfHost({ host }: IncomingHttpHeaders, port: number): string | undefined {
    const own = ["127.0.0.1", "localhost"].map((name) => `${name}:${port}`);
    if (host !== undefined && own.includes(host.toLowerCase())) return undefined;
    return `this page is served to ${own.join(" and ")} alone`;
  }

  /** Why a request for data is refused; undefined if it is not. */
  refusalOfData(headers: IncomingHttpHeaders, port: number): string | undefined {
    const { authorization = "", origin } = headers;
    const site = headers["sec-fetch-site"];
    const isOwn = origin === undefined || origin.toLowerCase() === `http://${headers.host?.toLowerCase()}`;
    if (!isOwn || (site !== undefined && site !== "same-origin")) return "another site's page may not ask";
    const [, token = ""] = /^Bearer ([\w-]{1,128})$/.exec(authorization) ?? [];
    if (timingSafeEqual(digestOf(token), this.#digest)) return undefined;
    return `open the whole URL that mdc ui has printed, http://127.0.0.1:${port}/#token=…`;
  }
}

/** Of one length, whatever was sent. */
function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
