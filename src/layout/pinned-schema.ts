import { ownJson } from "../base/own-json.ts";
import { isRollingRate, type RollingRate } from "./partition.ts";
import { isName } from "./collection-key.ts";
import { columnKey, nameProblem } from "./column-names.ts";
import { rowHashColumn } from "./system-columns.ts";
import { type ColumnType, parseType, typeText } from "./column-type.ts";
import { type Schema, schemaFingerprint } from "./schema.ts";

/** What is pinned for one collection: the content of one version of its types. */
export interface Pins {
  /** 1, 2, …: a version holds all that its predecessors hold. */
  readonly version: number;
  /**
   * The collection as whoever came first spelled it: the name of its folder. Undefined in an earlier
   * version's files.
   */
  readonly collection: string | undefined;
  /** How deep the partitions are. */
  readonly rollingRate: RollingRate;
  /** In the order of pinning. */
  readonly columns: Schema;
}

/** A file of types that cannot be used. Its message names the file and never shows what is in it. */
export class UnusableSchemaError extends Error {
  override readonly name: string = "UnusableSchemaError";

  constructor(path: string, problem: string) {
    super(`${path} ${problem}; see "Pinned types" in docs/operations.md`);
  }
}

/** Bytes that a file may have: room for 100,000 columns with names of ordinary length. */
export const maxFileBytes: number = 8 * 1024 * 1024;
/** Ours nests to three levels. */
const maxDepth = 8;

/** About the bytes that a column takes in a file, at most. */
export function columnBytes(name: string): number {
  return 64 + Buffer.byteLength(JSON.stringify(name));
}

/** The file's bytes: the same pins make the same bytes, in every process. */
export function pinsBytes(pins: Pins): Uint8Array {
  const { version, collection, rollingRate } = pins;
  const columns = [...pins.columns].map(([name, type]) => ({ name, type: typeText(type) }));
  const fingerprint = schemaFingerprint(pins.columns);
  const document = { version, collection, fingerprint, rollingRate, columns };
  return new TextEncoder().encode(`${ownJson(document, 1)}\n`);
}

/**
 * Reads the file of one version. Throws an {@link UnusableSchemaError} for anything that {@link pinsBytes}
 * does not write.
 */
export function parsePins(path: string, expectedVersion: number, bytes: Uint8Array): Pins {
  const unusable = (problem: string): UnusableSchemaError => new UnusableSchemaError(path, problem);
  if (bytes.length > maxFileBytes) throw unusable(`has more than ${maxFileBytes} bytes`);
  if (bytes.length === 0) throw unusable("is empty");
  if (isDeep(bytes))
    throw unusable(`is not what this package writes: it nests more than ${maxDepth} levels deep`);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // The parser's own message shows a piece of the file.
    throw unusable("is not JSON, or was cut off");
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    throw unusable("is not what this package writes: it holds no JSON object");
  }
  const { version, collection, fingerprint, rollingRate, columns } = document as Record<string, unknown>;
  if (version !== expectedVersion) throw unusable(`does not have the version that its name says`);
  if (!isRollingRate(rollingRate)) {
    throw unusable('has a rollingRate that is not "day", "hour" or "minute"');
  }
  if (collection !== undefined && (typeof collection !== "string" || !isName(collection))) {
    throw unusable("has a collection that is no name");
  }
  if (!Array.isArray(columns)) throw unusable("has no list of columns");
  const pinned = parseColumns(columns, unusable);
  // Of what names no collection another version has made the fingerprint, perhaps in another way.
  const isOurs = collection !== undefined && fingerprint !== undefined;
  if (isOurs && fingerprint !== schemaFingerprint(pinned))
    throw unusable("has other columns than its fingerprint is of: some of it was lost or changed");
  return { version: expectedVersion, collection, rollingRate, columns: pinned };
}

function parseColumns(
  columns: readonly unknown[],
  unusable: (problem: string) => UnusableSchemaError,
): Map<string, ColumnType> {
  const pinned = new Map<string, ColumnType>();
  const seen = new Set<string>();
  for (const [index, column] of columns.entries()) {
    const { name, type } = (column ?? {}) as { readonly name?: unknown; readonly type?: unknown };
    const parsed = typeof type === "string" ? parseType(type) : undefined;
    if (typeof name !== "string" || (name !== rowHashColumn && nameProblem(name) !== undefined)) {
      throw unusable(`has no usable name for column ${index + 1}`);
    }
    if (parsed === undefined)
      throw unusable(`has a type that this version does not know, for column ${index + 1}`);
    if (seen.has(columnKey(name))) throw unusable(`has the name of column ${index + 1} twice`);
    seen.add(columnKey(name));
    pinned.set(name, parsed);
  }
  return pinned;
}

/**
 * Whether JSON nests beyond {@link maxDepth}: a few megabytes of brackets would take the parser seconds and
 * gigabytes.
 */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inText) {
      if (byte === backslash) i++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === bracket || byte === brace) {
      if (++depth > maxDepth) return true;
    } else if (byte === bracket + 2 || byte === brace + 2) depth--;
  }
  return false;
}

const quote = 0x22;
const bracket = 0x5b;
const backslash = 0x5c;
const brace = 0x7b;
