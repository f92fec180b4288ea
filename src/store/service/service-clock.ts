/** Milliseconds that a service has to answer. */
const patienceMs = 10_000;

/**
 * What a service's clock says, milliseconds since 1970 UTC, to the second: the `Date` that every answer has,
 * whoever asks (RFC 9110, section 6.6.1). Undefined if there is no answer, or it has none.
 */
export async function serviceTime(url: string): Promise<number | undefined> {
  try {
    const { headers } = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(patienceMs) });
    const time = Date.parse(headers.get("date") ?? "");
    return Number.isNaN(time) ? undefined : time;
  } catch {
    return undefined;
  }
}
