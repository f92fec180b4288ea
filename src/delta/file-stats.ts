import { type FileBounds, fileBounds } from "../codec/parquet/reading/file-bounds.ts";
import type { OpenedParquet } from "../codec/parquet/parquet-file.ts";

/**
 * An action's `stats` ("Per-file Statistics"), from the file's own footer: how many rows, and of each flat
 * column how many nulls; of numbers, texts and instants the least and the greatest value, where the footer
 * has it whole. Engines answer `min()` and `max()` from them, so what was cut or could be a NaN is left out;
 * so is what JSON has no number for.
 */
export function fileStats(file: OpenedParquet): string {
  const bounds = fileBounds(file);
  const nulls: Members = [];
  const min: Members = [];
  const max: Members = [];
  for (const [name, column] of bounds) {
    if (column.nulls !== undefined) nulls.push([name, String(column.nulls)]);
    const isTime = file.info.types.get(name) === "timestamp";
    const [low, high] = boundTexts(column, isTime);
    if (low === undefined || high === undefined) continue;
    min.push([name, low]);
    max.push([name, high]);
  }
  return jsonObject([
    ["numRecords", String(file.info.rows)],
    ["minValues", jsonObject(min)],
    ["maxValues", jsonObject(max)],
    ["nullCount", jsonObject(nulls)],
  ]);
}

/** Names with their values as JSON: 64-bit integers are written digit by digit. */
type Members = (readonly [string, string])[];

function jsonObject(members: Members): string {
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

function boundTexts({ exact }: FileBounds, isTime: boolean): readonly (string | undefined)[] {
  return exact === undefined ? [] : [exact.min, exact.max].map((value) => valueText(value, isTime));
}

function valueText(value: unknown, isTime: boolean): string | undefined {
  if (typeof value === "bigint") {
    const text = isTime ? instantText(value) : undefined;
    return isTime ? text && JSON.stringify(text) : String(value);
  }
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === "string" ? JSON.stringify(value) : undefined;
}

/** An instant in UTC, with what is below a millisecond where there is such. */
function instantText(micros: bigint): string | undefined {
  const below = ((micros % 1000n) + 1000n) % 1000n;
  const date = new Date(Number((micros - below) / 1000n));
  const text = date.toISOString();
  if (!/^\d{4}-/.test(text)) return undefined;
  return below === 0n ? text : `${text.slice(0, -1)}${String(below).padStart(3, "0")}Z`;
}
