import { createHash } from "node:crypto";
import { asError, CollectorError, messageOf } from "../../base/errors.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { readFileChunks } from "../../base/files/files.ts";
import { sha256 } from "../../base/checksum.ts";
import { nearest } from "../../base/nearest.ts";
import type { CloseReport, Deployment } from "../../collector/api.ts";
import { giveLabel, type LabelSubject } from "../../collector/labels/give-label.ts";
import { utcTime } from "../../base/time/utc-time.ts";
import { namesProblem } from "../../layout/column-names.ts";
import { type KeyValue, labelCollection } from "../../layout/ground-truth/label-key.ts";
import type { Row } from "../../layout/row.ts";
import { labelRows } from "./label-file.ts";

/** How the rows of a file are labels. */
export interface LabelImport {
  readonly path: string;
  /** The column of correlation ids, or those of a business key. */
  readonly by: { readonly id: string } | { readonly key: readonly string[] };
  /** The column that says when the truth was known; default now, for all. */
  readonly at?: string | undefined;
  /** Told how many rows were read. */
  readonly onProgress?: (rows: number) => void;
}

/** What an import came to. */
export interface LabelImportReport extends CloseReport {
  /** Rows of the file. */
  readonly rows: number;
  /** Labels that were made of them. */
  readonly labels: number;
}

/** Rows that wait to be delivered, at most: an import is not to fill the spool or the memory. */
const rowsAtOnce = 20_000;

/**
 * Gives the labels of a file to a deployment, and closes it. A row of an id's consecutive rows is one of its
 * frame; by key each row is a label of its own. The same file again gives the same versions, so that nothing
 * changes. Throws a `CollectorError` with code `CORRUPT`, which names the file, for one that cannot be read.
 */
export async function importLabels(deployment: Deployment, options: LabelImport): Promise<LabelImportReport> {
  const { path, by, at, onProgress } = options;
  const collector = deployment.collector(labelCollection);
  await check(options);
  const file = await hashOf(path);
  const now = Date.now();
  let rows = 0;
  let labels = 0;
  let open: { readonly id: string; readonly atMs: number; readonly frame: Row[] } | undefined;
  const give = (subject: LabelSubject, frame: readonly Row[], atMs: number): void => {
    giveLabel(collector, subject, frame, { atMs, eventId: uuidOf(`${file} ${labels}`) });
    labels++;
  };
  const end = (): void => {
    if (open !== undefined) give(open.id, open.frame, open.atMs);
    open = undefined;
  };
  for await (const row of readable(path)) {
    rows++;
    const atMs = at === undefined ? now : timeOf(row, at, rows);
    const rest = { ...row };
    if (at !== undefined) delete rest[at];
    if ("id" in by) {
      const id = String(cellOf(row, by.id, rows));
      delete rest[by.id];
      if (open !== undefined && (open.id !== id || open.atMs !== atMs)) end();
      open ??= { id, atMs, frame: [] };
      open.frame.push(rest);
    } else {
      const key = by.key.map((name) => [name, cellOf(row, name, rows)] as const);
      for (const name of by.key) delete rest[name];
      give(Object.fromEntries(key), [rest], atMs);
    }
    if (rows % rowsAtOnce === 0) {
      onProgress?.(rows);
      await deployment.flush();
    }
  }
  end();
  await deployment.flush();
  return { rows, labels, ...(await deployment.close()) };
}

/** Looks through all rows before the first one is given: a file is imported whole or not at all. */
async function check({ path, by, at }: LabelImport): Promise<void> {
  let rows = 0;
  for await (const row of readable(path)) {
    rows++;
    const subject = "id" in by ? [by.id] : by.key;
    for (const name of subject) cellOf(row, name, rows);
    if (at !== undefined) timeOf(row, at, rows);
    // Time and id become no columns: files that were exported call them by their own names.
    const columns = Object.keys(row).filter((name) => name !== at && !("id" in by && name === by.id));
    const problem = namesProblem(columns);
    if (problem !== undefined) throw new RangeError(`row ${rows}: ${problem}`);
  }
}

async function* readable(path: string): AsyncGenerator<Row, void, undefined> {
  const rows = labelRows(path);
  for (;;) {
    const next = await rows.next().catch((thrown: unknown) => {
      // The system's, for a file that is not there or may not be read.
      if (errorCode(thrown) !== undefined) throw new RangeError(messageOf(thrown));
      throw new CollectorError("CORRUPT", `${path}: ${messageOf(asError(thrown))}`, { cause: thrown });
    });
    if (next.done === true) return;
    yield next.value;
  }
}

function cellOf(row: Row, name: string, number: number): KeyValue {
  const value = row[name];
  if (["string", "number", "bigint", "boolean"].includes(typeof value) && value !== "")
    return value as KeyValue;
  const near = Object.hasOwn(row, name) ? undefined : nearest(name, Object.keys(row));
  const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
  throw new RangeError(`row ${number} has no value in column ${JSON.stringify(name)}${hint}`);
}

function timeOf(row: Row, name: string, number: number): number {
  const value = row[name];
  const isNumber = typeof value === "number" || value instanceof Date;
  const time = typeof value === "string" ? utcTime(value) : isNumber ? new Date(value).getTime() : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new RangeError(
    `row ${number} has no time in column ${JSON.stringify(name)}: expected one such as 2026-11-22T05:30:00Z`,
  );
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of readFileChunks(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** A UUIDv8 (RFC 9562, 5.8): the same for the same text. */
function uuidOf(text: string): string {
  const hex = sha256(text);
  const variant = ((Number.parseInt(hex[16] as string, 16) & 3) | 8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
