import type { DecodedArray, ParquetParsers, SchemaElement, SchemaTree } from "hyparquet";
import type { readPage } from "hyparquet/src/column.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel, isFlatColumn } from "hyparquet/src/schema.js";
import { LastPage } from "./last-page.ts";
import type { LeafShape } from "./page-check.ts";

/** How hyparquet is told of a column. */
export type ColumnDecoder = Parameters<typeof readPage>[2];

/** Values that are decoded here, and not by hyparquet; `instant`: microseconds since 1970 UTC. */
export type FlatKind = "float64" | "int32" | "int64" | "instant" | "boolean" | "text";

/** How the values of a column are decoded: all that does not change from page to page. */
export interface LeafDecoder {
  /** Its pages are decompressed already. */
  readonly column: ColumnDecoder;
  readonly shape: LeafShape;
  /** Rows and values are one to one, and it has no other columns around it. */
  readonly isFlat: boolean;
  /** Undefined for all that only hyparquet knows. */
  readonly kind: FlatKind | undefined;
  readonly lastDictionary: LastPage<DecodedArray>;
  /** Of a page of places in a dictionary, what it has decompressed. */
  readonly lastPlaces: LastPage<Uint8Array>;
}

/** Files of one schema share its nodes. */
const known = new WeakMap<SchemaTree, LeafDecoder>();

/** How the column is decoded at the end of a path that begins with the root. */
export function leafDecoder(schemaPath: SchemaTree[], parsers: ParquetParsers): LeafDecoder {
  const leaf = schemaPath.at(-1) as SchemaTree;
  const before = known.get(leaf);
  if (before?.column.parsers === parsers) return before;
  const { element } = leaf;
  const maxDefinition = getMaxDefinitionLevel(schemaPath);
  const decoder: LeafDecoder = {
    column: {
      pathInSchema: schemaPath.slice(1).map((node) => node.element.name),
      type: element.type as NonNullable<typeof element.type>,
      element,
      schemaPath,
      codec: "UNCOMPRESSED",
      parsers,
      // Bytes stay bytes; columns that say they are text become text all the same.
      utf8: false,
    },
    shape: { element, maxDefinition, maxRepetition: getMaxRepetitionLevel(schemaPath) },
    isFlat: isFlatColumn(schemaPath),
    kind: kindOf(element),
    lastDictionary: new LastPage(),
    lastPlaces: new LastPage(),
  };
  known.set(leaf, decoder);
  return decoder;
}

/** By what the older and the newer of two notes say, each of which may be missing. */
function kindOf({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): FlatKind | undefined {
  const says = (older: string | undefined, newer: string): boolean =>
    (converted === undefined || converted === older) && (logical === undefined || logical.type === newer);
  const isPlain = converted === undefined && logical === undefined;
  switch (type) {
    case "DOUBLE":
      return isPlain ? "float64" : undefined;
    case "INT32":
      return isPlain ? "int32" : undefined;
    case "INT64":
      if (isPlain) return "int64";
      if (!says("TIMESTAMP_MICROS", "TIMESTAMP")) return undefined;
      return logical?.type !== "TIMESTAMP" || logical.unit === "MICROS" ? "instant" : undefined;
    case "BOOLEAN":
      return isPlain ? "boolean" : undefined;
    case "BYTE_ARRAY":
      return converted === "UTF8" && says("UTF8", "STRING") ? "text" : undefined;
    default:
      return undefined;
  }
}
