import { mostColumns } from "../config/deployment-config.ts";
import { type ColumnType, parseType, sameType, typeText } from "../frame/column-type.ts";
import { type Schema, schemaFingerprint } from "../frame/schema.ts";
import { type PutResult, readFailure, type Store } from "../store/store.ts";
import { collectionPath, type SegmentLabel } from "./segment-label.ts";

/**
 * Pins, per collection, the type of every column and the depth of the time partitions, once and for all processes.
 *
 * The pins live beside the data as a chain of versions, each holding all pins so far and created only if absent:
 *
 *     <endpoint>/<deployment>/<collection>/_schema/schema-000001.json
 *     <endpoint>/<deployment>/<collection>/_schema/schema-000002.json      the newest counts
 *
 * Two processes that see a new column at the same moment both try to create the next version; one wins, the other reads
 * what won and goes on from there. So a name has one type, whoever writes, and a restart changes nothing.
 *
 * Keys that are data (`{ [userId]: score }`) would make a column of each value. So a collection has room for {@link mostColumns}
 * columns and {@link mostVersions} versions, which bounds what a file, a version and all versions together can take.
 */
export interface SchemaRegistry {
  /**
   * The pinned types for `wanted`, in pinning order; columns not seen before are pinned first. A column whose name
   * differs from a pinned one only in case is left out: Hive, Spark and Trino would take the two for one. `signal` ends
   * the attempt; the result is then `retryable`.
   */
  pin(
    label: SegmentLabel,
    wanted: Schema,
    untyped: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<PinResult>;
  /** What `pin` would answer, if that needs no look at the store; else undefined. */
  lookUp(label: SegmentLabel, wanted: Schema, untyped: ReadonlySet<string>): PinResult | undefined;
}

export type PinResult =
  | {
      readonly status: "pinned";
      readonly schema: Schema;
      /** Columns that are not pinned because there is no room for more. */
      readonly beyond?: ReadonlySet<string>;
    }
  /** The collection's files are laid out otherwise than this segment would be; no other collection is concerned. */
  | { readonly status: "mismatch"; readonly error: Error }
  | Exclude<PutResult, { status: "stored" | "exists" | "conflict" }>;

interface Pins {
  readonly version: number;
  readonly rollingRate: string;
  readonly columns: ReadonlyMap<string, ColumnType>;
}

/** Each version holds all columns, so their number counts as much as their length. */
export const mostVersions = 1_000;

/** Each round another process has won, so this many are needed only when as many start at once. */
const maxRounds = 100;

type Aborting = { readonly signal?: AbortSignal };

/** A registry that keeps what it has read: a collection costs one listing per process and one object per new column set. */
export function createSchemaRegistry(store: Store): SchemaRegistry {
  const known = new Map<string, Pins>();

  async function load(folder: string, options: Aborting): Promise<Pins | undefined> {
    let newest: string | undefined;
    for await (const entry of store.list(`${folder}/_schema/schema-`, options)) {
      if (/\/schema-\d{6}\.json$/.test(entry.path)) newest = entry.path;
    }
    return newest === undefined ? undefined : parsePins(newest, await store.get(newest, options));
  }

  async function extend(
    label: SegmentLabel,
    wanted: Schema,
    options: Aborting,
  ): Promise<Pins | Exclude<PutResult, { status: "stored" | "exists" | "conflict" }>> {
    const folder = collectionPath(label);
    for (let round = 0; round < maxRounds; round++) {
      const pins = known.get(folder) ?? (await load(folder, options));
      if (pins !== undefined) known.set(folder, pins);
      const columns = merge(pins, wanted);
      if (pins !== undefined && columns.size === pins.columns.size) return pins;
      const next: Pins = {
        version: (pins?.version ?? 0) + 1,
        rollingRate: pins?.rollingRate ?? label.rollingRate,
        columns,
      };
      const path = `${folder}/_schema/schema-${String(next.version).padStart(6, "0")}.json`;
      const result = await store.put(path, pinsText(next), { ...options, contentType: "application/json" });
      switch (result.status) {
        case "stored":
        case "exists":
          known.set(folder, next);
          return next;
        case "conflict":
          // Another process made this version: read it and go on from there.
          known.delete(folder);
          continue;
        case "retryable":
        case "rejected":
          return result;
      }
    }
    throw new Error(`${folder}/_schema: versions that are there are not listed`);
  }

  return {
    async pin(label, wanted, untyped, signal) {
      let pins: Awaited<ReturnType<typeof extend>>;
      try {
        pins = await extend(label, wanted, signal === undefined ? {} : { signal });
      } catch (thrown) {
        return readFailure(thrown);
      }
      return "status" in pins ? pins : answer(pins, label, wanted, untyped);
    },
    lookUp(label, wanted, untyped) {
      const pins = known.get(collectionPath(label));
      if (pins === undefined || merge(pins, wanted).size > pins.columns.size) return undefined;
      return answer(pins, label, wanted, untyped);
    },
  };
}

/** Which of the pinned types a segment needs, if its collection is laid out as it wants to be. */
function answer(
  pins: Pins,
  label: SegmentLabel,
  wanted: Schema,
  untyped: ReadonlySet<string>,
): Extract<PinResult, { status: "pinned" | "mismatch" }> {
  if (pins.rollingRate !== label.rollingRate) {
    const message =
      `collection ${label.collection} is partitioned by ${pins.rollingRate} since its first file, and the rolling rate is now ` +
      `${label.rollingRate}: set it back, or use another deployment or destination (a tree of two depths is unreadable)`;
    return { status: "mismatch", error: new Error(message) };
  }
  const schema = new Map<string, ColumnType>();
  for (const [name, type] of pins.columns) {
    if (wanted.has(name) || untyped.has(name)) schema.set(name, type);
  }
  // All that there was room for are pinned by now.
  const beyond = new Set(newNames(pins.columns, wanted));
  return { status: "pinned", schema, ...(beyond.size > 0 && { beyond }) };
}

function isFull({ version, columns }: Pins): boolean {
  return columns.size >= mostColumns || version >= mostVersions;
}

function merge(pins: Pins | undefined, wanted: Schema): Map<string, ColumnType> {
  const columns = new Map(pins?.columns);
  if (pins !== undefined && isFull(pins)) return columns;
  for (const name of newNames(columns, wanted)) {
    if (columns.size >= mostColumns) break;
    columns.set(name, wanted.get(name)!);
  }
  return columns;
}

/** The names of `wanted` that differ from all pinned ones, and from each other, in more than case. */
function newNames(pinned: ReadonlyMap<string, ColumnType>, wanted: Schema): string[] {
  const names: string[] = [];
  let lowerCase: Set<string> | undefined;
  for (const name of wanted.keys()) {
    if (pinned.has(name)) continue;
    lowerCase ??= new Set([...pinned.keys()].map((other) => other.toLowerCase()));
    if (lowerCase.has(name.toLowerCase())) continue;
    names.push(name);
    lowerCase.add(name.toLowerCase());
  }
  return names;
}

function pinsText(pins: Pins): Uint8Array {
  const columns = [...pins.columns].map(([name, type]) => ({ name, type: typeText(type) }));
  const document = {
    version: pins.version,
    fingerprint: schemaFingerprint(pins.columns),
    rollingRate: pins.rollingRate,
    columns,
  };
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 1)}\n`);
}

function parsePins(path: string, bytes: Uint8Array): Pins {
  const document: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  const { version, rollingRate, columns } = document as Record<string, unknown>;
  if (typeof version !== "number" || typeof rollingRate !== "string" || !Array.isArray(columns)) {
    throw new SyntaxError(`${path}: not a schema of this package`);
  }
  const pinned = new Map<string, ColumnType>();
  for (const { name, type } of columns as { name: unknown; type: unknown }[]) {
    const parsed = typeof type === "string" ? parseType(type) : undefined;
    if (typeof name !== "string" || parsed === undefined)
      throw new SyntaxError(`${path}: a column without name or type`);
    pinned.set(name, parsed);
  }
  return { version, rollingRate, columns: pinned };
}

/** The first natural type of every column over some batches, declared types first: what a new column is pinned to. */
export function wantedTypes(
  batches: Iterable<{
    header: { declared: Readonly<Record<string, string>>; untyped: readonly string[] };
    columns: readonly {
      name: string;
      type: ColumnType | "rejected";
      values: { kind: string; min?: unknown; max?: unknown };
    }[];
  }>,
): { wanted: Map<string, ColumnType>; untyped: Set<string> } {
  const wanted = new Map<string, ColumnType>();
  const vague = new Map<string, ColumnType>();
  const untyped = new Set<string>();
  for (const { header, columns } of batches) {
    for (const [name, text] of Object.entries(header.declared)) {
      const type = parseType(text);
      if (type !== undefined) wanted.set(name, type);
    }
    for (const name of header.untyped) untyped.add(name);
    for (const { name, type, values } of columns) {
      if (type === "rejected") untyped.add(name);
      else if (onlyNaN(type, values)) vague.set(name, type);
      else if (!wanted.has(name)) wanted.set(name, type);
    }
  }
  // danfojs writes a missing string as NaN, so NaN alone decides a type only where nothing else does.
  for (const [name, type] of vague) if (!wanted.has(name)) wanted.set(name, type);
  return { wanted, untyped };
}

function onlyNaN(type: ColumnType, values: { min?: unknown; max?: unknown }): boolean {
  // The builder leaves NaN out of the range, so a column of nothing else has an empty one.
  return sameType(type, "float64") && typeof values.min === "number" && values.min > (values.max as number);
}
