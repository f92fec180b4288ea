/**
 * One row: a value for each column of its file.
 *
 * | Column type | Value |
 * |---|---|
 * | float64, int32 | `number` |
 * | int64 | `bigint` |
 * | boolean | `boolean` |
 * | string, json | `string` |
 * | timestamp | `Date`: milliseconds; the file keeps microseconds |
 * | binary | `Uint8Array` |
 * | list | array of the above |
 * | any | `null` where there is no value |
 */
export type Row = Record<string, unknown>;
