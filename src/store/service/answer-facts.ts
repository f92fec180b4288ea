import type { StoreFailure } from "../store-error.ts";

/*
 * What may be told of a service's answer, and what it means when there is none: of whatever vendor. Facts
 * pass only in shapes too short and plain for a key, a signature or a token.
 */

/** Codes of services and systems: `BlobNotFound`, `ECONNRESET`. */
export const codePattern: RegExp = /^[A-Za-z][A-Za-z0-9_]{1,63}$/;
/** Values of `Retry-After` and `Date`. */
export const headerPattern: RegExp = /^[A-Za-z0-9 ,:+-]{1,40}$/;
/** Host and port. */
export const proxyPattern: RegExp = /^[A-Za-z0-9_.[\]:-]{1,255}$/;

/** The value, if it is a text of that shape. */
export function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === "string" && pattern.test(value) ? value : undefined;
}

/** A word this long with a digit or a sign in it may be a key, a signature or a token. */
const mayBeSecret = /(?=[A-Za-z.-]*[0-9+/=_%])[A-Za-z0-9+/=_%.-]{20,}/g;
const maxWords = 400;

/** The first line of what the service says, as far as it can be shown. */
export function wordsOf(message: unknown): string | undefined {
  if (typeof message !== "string") return undefined;
  const [line = ""] = message.slice(0, 4_096).split(/[\r\n]/, 1);
  const plain = line.replace(/[^\x20-\x7e]+/g, " ").replace(mayBeSecret, "…");
  const words = plain.replace(/\b\w+=\S+/g, "…").trim();
  if (words === "") return undefined;
  return words.length > maxWords ? `${words.slice(0, maxWords)}…` : words;
}

/** The checked facts of one failed request. */
export interface ServiceAnswer {
  /** HTTP status; absent when no answer came. */
  readonly statusCode?: number | undefined;
  /** The service's own code, or the system's (`ECONNRESET`) when no answer came. */
  readonly code?: string | undefined;
  /** Header `Retry-After`: seconds or an HTTP date. */
  readonly retryAfter?: string | undefined;
  /** Header `Date`. */
  readonly date?: string | undefined;
}

/**
 * What to do about it. `verify`: the object may be there already; look. `missing`: there is no such object.
 */
export interface ServiceVerdict {
  readonly kind: StoreFailure | "verify" | "missing";
  /** For people: what it means or what to do. */
  readonly hint: string;
  /** Milliseconds the service asked to wait. */
  readonly retryAfterMs?: number;
}

/** What it is, and what it means or what to do, for people. */
export type FailureRow = readonly [kind: StoreFailure, hint: string];

/** Nothing that could be used answered; for most of these time alone is not likely to change that. */
const rowsWithoutAnswer: ReadonlyMap<string, FailureRow> = new Map(
  Object.entries<FailureRow>({
    AnswerTooLarge: ["transient", "an answer that is longer than any of the service's"],
    ENOTFOUND: ["configuration", "the host name of the service does not exist"],
    ERR_INVALID_URL: ["configuration", "the URL of the service is malformed"],
    CERT_HAS_EXPIRED: ["configuration", "the server's certificate has expired"],
    DEPTH_ZERO_SELF_SIGNED_CERT: ["configuration", "the server's certificate is not trusted"],
    SELF_SIGNED_CERT_IN_CHAIN: ["configuration", "the server's certificate is not trusted"],
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: ["configuration", "the server's certificate is not trusted"],
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ["configuration", "the server's certificate is not trusted"],
    ERR_TLS_CERT_ALTNAME_INVALID: ["configuration", "the server's certificate is for another host"],
  }),
);

/** What a request without an answer means, by the system's code. */
export function withoutAnswer(code: string | undefined): FailureRow {
  const row = code === undefined ? undefined : rowsWithoutAnswer.get(code);
  return row ?? ["transient", "no answer from the service"];
}

/** Services refuse requests that are 15 minutes off; at 5 the clock is the likely reason for a refusal. */
const maxClockSkewMs = 5 * 60_000;

/** Whether an answer's `Date` is far from the time here. */
export function clockIsOff(date: string | undefined, nowMs: number): boolean {
  const serviceMs = date === undefined ? Number.NaN : Date.parse(date);
  return Math.abs(serviceMs - nowMs) > maxClockSkewMs;
}

/**
 * `Retry-After` in milliseconds from now, at least 0; undefined if absent or unreadable. RFC 9110, 10.2.3.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = /[A-Za-z]{3},? .*\d{4}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
