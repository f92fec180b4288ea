import { types } from "node:util";
import { kindOf } from "../base/errors.ts";
import { fromArquero } from "./from/from-arquero.ts";
import { fromArrow } from "./from/from-arrow.ts";
import { fromColumns } from "./from/from-columns.ts";
import { fromDanfo } from "./from/from-danfo.ts";
import { fromPolars } from "./from/from-polars.ts";
import { fromRows } from "./from/from-rows.ts";
import { JsonRecords } from "./from/json/json-records.ts";
import { KeyedFrame } from "./keyed-frame.ts";
import { type FrameBounds, FrameProblem, type SourceFrame } from "./source-frame.ts";

/** Recognises one kind of frame by its structure; undefined when it is not one. */
type Recogniser = (frame: object, bounds: FrameBounds) => SourceFrame | undefined;

/** Tried in this order: the libraries' own marks first, then any object of arrays. */
const recognisers: readonly Recogniser[] = [fromDanfo, fromArrow, fromArquero, fromPolars];

/**
 * Sees whatever was passed as columns. Throws a {@link FrameProblem} when that can not be, or whatever the
 * frame throws.
 */
export function openFrame(frame: unknown, bounds: FrameBounds): SourceFrame {
  if (typeof frame !== "object" || frame === null) throw notAFrame(frame);
  if (Array.isArray(frame)) return fromRows(frame, bounds);
  if (!isPlain(frame)) {
    if (JsonRecords.isOne(frame)) return frame;
    if (KeyedFrame.isOne(frame)) return frame.open(bounds, openFrame);
    for (const recognise of recognisers) {
      const source = recognise(frame, bounds);
      if (source !== undefined) return source;
    }
    if (isNoColumns(frame)) throw notAFrame(frame);
  }
  return fromColumns(frame, bounds);
}

/** True for an object literal without a library's mark: by far the most frequent frame of columns. */
export function isPlain(frame: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(frame);
  return (
    (prototype === Object.prototype || prototype === null) &&
    (frame as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === undefined
  );
}

function isNoColumns(frame: object): boolean {
  return (
    ArrayBuffer.isView(frame) ||
    types.isPromise(frame) ||
    types.isMap(frame) ||
    types.isSet(frame) ||
    types.isDate(frame) ||
    types.isRegExp(frame) ||
    types.isNativeError(frame) ||
    types.isAnyArrayBuffer(frame) ||
    types.isBoxedPrimitive(frame)
  );
}

function notAFrame(frame: unknown): FrameProblem {
  const hint = types.isPromise(frame)
    ? "await it first"
    : "pass an array of row objects, an object of column arrays, or a data frame";
  return new FrameProblem(`not a frame: got ${kindOf(frame)}; ${hint}`);
}
