import { jsonKinds } from "../../frame/from/json/json-scanner.ts";
import { type ColumnType, parseType, type ScalarType } from "../../layout/column-type.ts";
import { type RawValue, readElements, textOf } from "./record-reader.ts";

/**
 * The value of a column in a record, as `json-cells.ts` writes it: the counterpart of a Parquet file's, an
 * instant as a bigint of microseconds since 1970 UTC. Throws for what that does not write.
 */
export function cellOf(value: RawValue | undefined, type: ColumnType): unknown {
  if (value === undefined || value.kind === jsonKinds.null) return null;
  if (typeof type === "object") return readElements(value.text).map((element) => cellOf(element, type.list));
  const cell = scalarOf(value, type);
  if (cell === undefined) throw new Error(`a value is no ${type}`);
  return cell;
}

function scalarOf({ kind, text }: RawValue, type: ScalarType): unknown {
  const isInteger = kind === jsonKinds.integer;
  switch (type) {
    case "float64":
      return isInteger || kind === jsonKinds.float ? Number(text) : undefined;
    case "int32": {
      const number = isInteger || kind === jsonKinds.float ? Number(text) : Number.NaN;
      return number === (number | 0) ? number : undefined;
    }
    case "int64":
      return isInteger ? int64(BigInt(text)) : undefined;
    case "timestamp":
      return isInteger ? int64(BigInt(text) * 1000n) : undefined;
    case "boolean":
      return kind === jsonKinds.boolean ? text === "true" : undefined;
    case "string":
      return kind === jsonKinds.string ? (JSON.parse(text) as string) : undefined;
    case "binary":
      return kind === jsonKinds.string ? bytesOf(JSON.parse(text) as string) : undefined;
    case "json":
      return text;
  }
}

function int64(value: bigint): bigint | undefined {
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Node reads what is no base64 as far as it can be. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}

/** Values of a column that nobody pinned, as whoever wrote the file is not this package. */
export function naturalCells(values: readonly (RawValue | undefined)[]): {
  readonly type: string | undefined;
  readonly cells: unknown[];
} {
  let kinds = 0;
  for (const value of values) if (value !== undefined) kinds |= value.kind;
  const type = naturalTypes.find(([only]) => (kinds & ~only) === 0)?.[1] ?? "json";
  if (kinds === 0) return { type: undefined, cells: values.map(() => null) };
  const parsed = parseType(type) ?? "json";
  return { type, cells: values.map((value) => cellOf(value, parsed)) };
}

const naturalTypes: readonly (readonly [kinds: number, type: ScalarType])[] = [
  [jsonKinds.integer | jsonKinds.float, "float64"],
  [jsonKinds.string, "string"],
  [jsonKinds.boolean, "boolean"],
];

/** The text of a member, for what a record says of itself. */
export function memberText(members: ReadonlyMap<string, RawValue>, name: string): string | null {
  return textOf(members.get(name));
}
