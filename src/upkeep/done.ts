import type { PutResult } from "../store/store.ts";

/** What came of a put, if it came to something; else its error is thrown. */
export function done(result: PutResult): "stored" | "exists" | "conflict" {
  if (result.status === "retryable" || result.status === "rejected") throw result.error;
  return result.status;
}
