import { sha256 } from "../base/checksum.ts";
import { type ColumnType, typeText } from "./column-type.ts";

/** The types of a collection's feature columns, in the order in which they were first seen. */
export type Schema = ReadonlyMap<string, ColumnType>;

/**
 * 16 hex digits that name a schema: the same for the same set of names and types, in whatever order.
 * Stored with each row as `mdc_schema_fingerprint`.
 */
export function schemaFingerprint(schema: Schema): string {
  const lines = [...schema].map(([name, type]) => `${JSON.stringify(name)}:${typeText(type)}`).sort();
  return sha256(lines.join("\n")).slice(0, 16);
}
