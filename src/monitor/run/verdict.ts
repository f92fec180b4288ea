/**
 * What can be said.
 * - `breach`: a threshold was breached.
 * - `pass`: none was.
 * - `insufficient data`: too little to say anything; the reason says what is missing.
 * - `skipped`: nothing was compared; the reason says why.
 *
 * Of several, `breach` is the worst, then `pass`, for what has data speaks for those that have none, then
 * `insufficient data`.
 */
export type MonitorVerdict = "pass" | "breach" | "insufficient data" | "skipped";

/** A part of the rows. */
export interface Slice {
  readonly column: string;
  /** The value; null for rows that have none. */
  readonly value: string | null;
}

/**
 * Where a threshold came from: the profile's own defaults (`azure-ai-ml SDK`, `Evidently`), or what was set
 * for all, for a kind of columns, or for one column.
 */
export type ThresholdSource =
  | "azure-ai-ml SDK"
  | "Evidently"
  | "set for all"
  | "set for kind"
  | "set for column";
