import type { Attributes } from "./context-options.ts";

/** What a context is in JSON. */
export interface ContextJson {
  readonly id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly requestTime: string;
  readonly requestId: string | null;
  readonly clientRequestId: string | null;
  readonly attributes: Attributes;
}
