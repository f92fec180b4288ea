/** The wire form of a batch; `wire-layout.ts` describes it. */
export { decodeBatch } from "./wire-decode.ts";
export { type Allocate, encodeBatch } from "./wire-encode.ts";
