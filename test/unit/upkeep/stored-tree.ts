import { createParquetEncoder } from "../../../src/codec/parquet/parquet-encoder.ts";
import { type ColumnType } from "../../../src/layout/column-type.ts";
import { dataFilePath, schemaFolder, schemaPath } from "../../../src/layout/dataset-path.ts";
import { pinsBytes } from "../../../src/layout/pinned-schema.ts";
import type { Store } from "../../../src/store/store.ts";
import { fileBytes } from "../../support/parquet-engines.ts";
import { makeBatch, type Plain, type PlainColumn } from "../../support/make-batch.ts";

/** The hour of the rows of {@link storePart}, milliseconds since 1970 UTC: 2023-11-14T22:00. */
export const hour: number = Date.parse("2023-11-14T22:00:00.000Z");
/** Its folder, of a collection. */
export const folderOf = (collection = "model_inputs"): string =>
  `flights/blue/${collection}/inference_date=2023-11-14/inference_hour=22`;

/**
 * Of how many operations one is where a process is killed: of three, and another one each day, for the whole
 * suite is to be short; with `MDC_TEST_KILLS=all` of one.
 */
export const everyKill: number = process.env["MDC_TEST_KILLS"] === "all" ? 1 : 3;

/** The first operation at which a process is killed, from 1. */
export function firstKill(): number {
  return everyKill === 1 ? 1 : 1 + (Math.floor(Date.now() / 86_400_000) % everyKill);
}

/** A file to store. */
export interface StoredPart {
  /** Tells its frames' ids and its name from those of others; from 0. */
  readonly seed: number;
  readonly columns: readonly PlainColumn[];
  readonly collection?: string;
  readonly tags?: (frame: number) => string | null;
  /** Rows of each frame; default one. */
  readonly frames?: readonly number[];
}

/** The types of columns, by name. */
export function typesOf(parts: readonly StoredPart[]): Map<string, ColumnType> {
  const types = new Map<string, ColumnType>();
  for (const { columns } of parts)
    for (const { name, type } of columns) if (type !== "rejected") types.set(name, type);
  return types;
}

/** Stores a file as a deployment does, of one hour; its path. */
export async function storePart(store: Store, part: StoredPart): Promise<string> {
  const { seed, columns, collection = "model_inputs", tags } = part;
  const rows = columns[0]?.cells.length ?? 0;
  const frames = part.frames ?? Array.from({ length: rows }, () => 1);
  const batch = makeBatch({
    columns,
    frames,
    seed,
    header: { collection, partition: hour },
    ...(tags ? { tags } : {}),
  });
  const schema = typesOf([part]);
  const id = seed.toString(16).padStart(32, "0");
  const bytes = await fileBytes(createParquetEncoder().encode(() => [batch], { schema, segment: id }));
  const path = dataFilePath(
    {
      format: "parquet",
      rollingRate: "hour",
      endpoint: "flights",
      deployment: "blue",
      collection,
      partition: hour,
    },
    { id, createdAt: hour + seed * 1_000 },
  );
  const { status } = await store.put(path, bytes);
  if (status !== "stored") throw new Error(`${path}: ${status}`);
  return path;
}

/** Pins the types of all these columns. */
export async function pin(
  store: Store,
  parts: readonly StoredPart[],
  collection = "model_inputs",
): Promise<void> {
  const pins = { version: 1, collection, rollingRate: "hour", columns: typesOf(parts) } as const;
  await store.put(schemaPath(schemaFolder("flights", "blue", collection), 1), pinsBytes(pins));
}

/** Small files, two columns each, of which the second comes with the third file; and a rejected value in each. */
export function smallParts(files: number, rows = 20): StoredPart[] {
  return Array.from({ length: files }, (_, seed) => ({
    seed,
    tags: (frame) => (frame % 3 === 0 ? `{"n":${frame}}` : null),
    columns: [
      numbers("distance", rows, (row) => seed * 1_000 + row),
      {
        name: "origin",
        type: "string",
        cells: each(rows, (row) => (row % 4 === 0 ? null : `JFK ${row % 3}`)),
      },
      ...(seed < 3 ? [] : [numbers("delay", rows, (row) => (row % 5 === 0 ? null : row / 7))]),
      { name: "distance", type: "rejected", cells: each(rows, (row) => (row === 1 ? '"far"' : null)) },
    ].filter(({ type }) => type !== "rejected" || seed % 2 === 0) as PlainColumn[],
  }));
}

function numbers(name: string, rows: number, value: (row: number) => Plain): PlainColumn {
  return { name, type: "float64", cells: each(rows, value) };
}

function each(rows: number, value: (row: number) => Plain): Plain[] {
  return Array.from({ length: rows }, (_, row) => value(row));
}
