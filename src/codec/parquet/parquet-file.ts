import type { ParquetParsers, SchemaTree } from "hyparquet";
import { systemColumnList } from "../../layout/system-columns.ts";
import type { RangeSource } from "../range-source.ts";
import { fileNotes } from "./file-notes.ts";
import type { CheckedFile } from "./reading/column-range.ts";
import { type FirstRead, readFooter } from "./reading/footer.ts";
import type { FileMetadata, RowGroup } from "./reading/metadata.ts";

/** What a Parquet file's footer tells. */
export interface ParquetFileInfo {
  /** Bytes of the file. */
  readonly size: number;
  readonly rows: number;
  /** Columns in the file's order. */
  readonly columns: readonly ParquetColumnInfo[];
  /** Their types by name. */
  readonly types: ReadonlyMap<string, string>;
  /** The footer's key-value pairs: see `file-notes.ts`. */
  readonly keyValues: Readonly<Record<string, string>>;
  readonly createdBy: string | undefined;
  readonly rowGroups: readonly RowGroupInfo[];
}

/** One column of a file. */
export interface ParquetColumnInfo {
  readonly name: string;
  /**
   * As `typeText` writes it: `float64`, `list<string>`. In files of others, what comes nearest, or the
   * Parquet type.
   */
  readonly type: string;
  readonly nullable: boolean;
}

/** One row group. */
export interface RowGroupInfo {
  readonly rows: number;
  /** Bytes of its pages, compressed. */
  readonly bytes: number;
  /** Those of a column; lists by the name of the column too. Undefined where the file has no statistics. */
  readonly statistics: (column: string) => ColumnStatistics | undefined;
}

/**
 * Statistics of a column in a row group; bounds of long texts are cut, so they are bounds, not always values.
 */
export interface ColumnStatistics {
  readonly min: unknown;
  readonly max: unknown;
  readonly nulls: number | undefined;
}

/** A file opened for reading: its footer, as hyparquet gives it and checked, and its bytes. */
export interface OpenedParquet extends CheckedFile {
  readonly info: ParquetFileInfo;
}

/**
 * Reads the footer: one request for most files. Rejects when the bytes are not those of a whole Parquet file.
 */
export async function readParquetInfo(source: RangeSource): Promise<ParquetFileInfo> {
  return (await openParquet(source)).info;
}

/** Reads the footer, for reads that follow; `first` as of {@link readFooter}. */
export async function openParquet(source: RangeSource, first?: FirstRead): Promise<OpenedParquet> {
  const { metadata, schema } = await readFooter(source, parsers, first);
  return { info: infoOf(source.size, metadata, schema), metadata, schema, parsers, source };
}

/** Of the bytes of a string all belong to it, also what could be a byte order mark. */
const text = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Timestamps of any unit as a bigint of microseconds since 1970 UTC, and exact text, in statistics and in
 * pages. JSON stays text and shapes stay bytes: what is made of them would be as deep and as large as the
 * file likes.
 */
const parsers: ParquetParsers = {
  timestampFromMilliseconds: (millis) => millis * 1000n,
  timestampFromMicroseconds: (micros) => micros,
  timestampFromNanoseconds: (nanos) => (nanos - (((nanos % 1000n) + 1000n) % 1000n)) / 1000n,
  dateFromDays: (days) => new Date(days * 86_400_000),
  stringFromBytes: (bytes) => text.decode(bytes),
  jsonFromBytes: (bytes) => text.decode(bytes),
  geometryFromBytes: (bytes) => bytes,
  geographyFromBytes: (bytes) => bytes,
  uuidFromBytes: (bytes) => (bytes?.length === 16 ? uuidText(bytes) : bytes),
};

function uuidText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Microseconds as a `Date`, which drops what is below a millisecond. */
export function dateOfMicros(micros: bigint): Date {
  return new Date(Number((micros - (((micros % 1000n) + 1000n) % 1000n)) / 1000n));
}

function infoOf(size: number, metadata: FileMetadata, schema: SchemaTree): ParquetFileInfo {
  const keyValues = Object.fromEntries(metadata.keyValues.map(({ key, value }) => [key, value ?? ""]));
  const { columns, types } = columnsOf(schema, keyValues[fileNotes.schema]);
  return {
    size,
    rows: metadata.rows,
    columns,
    types,
    keyValues,
    createdBy: metadata.createdBy,
    rowGroups: metadata.rowGroups.map((group) => ({
      rows: group.rows,
      bytes: group.compressedBytes ?? group.bytes,
      statistics: (column) => statisticsOf(group, column, types.get(column)?.includes("timestamp") === true),
    })),
  };
}

/** The columns of a schema with such a note; files of one schema mostly have one note. */
function columnsOf(schema: SchemaTree, note: string | undefined): KnownColumns {
  const known = knownColumns.get(schema);
  if (known !== undefined && known.note === note) return known;
  const declared = declaredTypes(note);
  const columns = schema.children.map((child) => ({
    name: child.element.name,
    type: declared.get(child.element.name) ?? systemTypes.get(child.element.name) ?? typeOf(child),
    nullable: child.element.repetition_type !== "REQUIRED",
  }));
  const found = { note, columns, types: new Map(columns.map(({ name, type }) => [name, type])) };
  knownColumns.set(schema, found);
  return found;
}

interface KnownColumns extends Pick<ParquetFileInfo, "columns" | "types"> {
  readonly note: string | undefined;
}

const knownColumns = new WeakMap<SchemaTree, KnownColumns>();

function statisticsOf(group: RowGroup, column: string, isTime: boolean): ColumnStatistics | undefined {
  const statistics = group.columns.find(({ path }) => path[0] === column)?.statistics;
  if (statistics === undefined) return undefined;
  const bound = (value: unknown): unknown =>
    typeof value === "bigint" && isTime ? dateOfMicros(value) : value;
  return { min: bound(statistics.min), max: bound(statistics.max), nulls: statistics.nulls };
}

/** JSON text is stored as a string, so only the file's own note can tell. */
function declaredTypes(text: string | undefined): ReadonlyMap<string, string> {
  try {
    const parsed: unknown = JSON.parse(text ?? "{}");
    if (typeof parsed !== "object" || parsed === null) return new Map();
    return new Map(Object.entries(parsed).filter(([, type]) => typeof type === "string"));
  } catch {
    return new Map();
  }
}

const systemTypes: ReadonlyMap<string, string> = new Map(
  systemColumnList.filter(({ type }) => type === "json").map(({ name, type }) => [name, type]),
);

function typeOf(node: SchemaTree): string {
  const { type, converted_type, logical_type } = node.element;
  const [child] = node.children;
  if (child !== undefined) {
    const element = child.children[0] ?? child;
    return converted_type === "LIST" || logical_type?.type === "LIST" ? `list<${typeOf(element)}>` : "struct";
  }
  if (converted_type === "UTF8" || logical_type?.type === "STRING") return "string";
  if (converted_type?.startsWith("TIMESTAMP") || logical_type?.type === "TIMESTAMP") return "timestamp";
  const annotated = converted_type ?? logical_type?.type;
  if (annotated !== undefined) return plainNames.get(annotated) ?? annotated;
  return plainNames.get(type ?? "") ?? type ?? "unknown";
}

const plainNames: ReadonlyMap<string, string> = new Map([
  ["DOUBLE", "float64"],
  ["INT64", "int64"],
  ["INT32", "int32"],
  ["BOOLEAN", "boolean"],
  ["BYTE_ARRAY", "binary"],
  ["INT_64", "int64"],
  ["INT_32", "int32"],
  ["INT_16", "int32"],
  ["INT_8", "int32"],
]);
