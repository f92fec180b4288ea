import { UsageError } from "../../command.ts";
import type { Body } from "../answers.ts";
import type { Asked } from "../asked.ts";
import { bodyCell } from "./readable-body.ts";

/** As much of a body that stands aside as is shown. */
const maxBytes = 1024 * 1024;

/** The beginning of a body that is an object of its own. */
export async function storedBody({ source, query, signal }: Asked): Promise<Body> {
  const ref = query.text("ref");
  // Nothing else of the store is given out in this way.
  if (!/^[^/]+\/[^/]+\/_bodies\/[^/]+\/inference_date=[^/]+\/(?:[^/]+\/){0,2}[0-9a-f]{32}\.bin$/.test(ref))
    throw new UsageError("ref: expected what stands in body_ref");
  const bytes = await source.catalog.store.get(ref, { range: { start: 0, end: maxBytes }, signal });
  const cell = bodyCell(bytes, query.optionalText("encoding"), maxBytes * 4, { left: maxBytes * 4 });
  const isAll = bytes.length < maxBytes;
  return {
    cell: isAll ? cell : { ...cell, size: query.count("size", bytes.length, Number.MAX_SAFE_INTEGER) },
  };
}
