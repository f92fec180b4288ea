import { lastTimeMs } from "../../base/time/host-time.ts";

const form = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * The instant of a text of RFC 3339, in milliseconds since 1970, with what it tells below a millisecond;
 * undefined for any other text, and for years before 1970.
 */
export function parseInstant(text: string): number | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const [, seconds = "", fraction = "", zone = ""] = found;
  const ms = Date.parse(`${seconds}${zone}`) + Number(`0${fraction}`) * 1000;
  return ms >= 0 && ms <= lastTimeMs ? ms : undefined;
}
