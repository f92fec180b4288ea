/**
 * A value outside a batch: number for float64 and int32, bigint for int64 and for timestamp (microseconds
 * since 1970 UTC), boolean, string for string, json and rejected (JSON text), bytes for binary; a list has
 * these, or null.
 */
export type StoredCell = number | bigint | boolean | string | Uint8Array | readonly (StoredCell | null)[];
