import { mostColumns } from "../../config/deployment-config.ts";
import type { BatchColumn } from "../../frame/batch.ts";
import { type ColumnType, parseType } from "../../layout/column-type.ts";
import { firstDeciding, isUndecided } from "../../frame/conform/deciding.ts";
import type { Schema } from "../../layout/schema.ts";
import { type PutResult, readFailure, type Store } from "../../store/store.ts";
import { type Aborting, newestPins, readVersion } from "./schema-chain.ts";
import {
  columnBytes,
  maxFileBytes,
  parsePins,
  type Pins,
  pinsBytes,
  UnusableSchemaError,
} from "../../layout/pinned-schema.ts";
import { formerSchemaFolder, schemaFolder, schemaPath } from "../../layout/dataset-path.ts";
import type { SegmentLabel } from "../segment-label.ts";

/**
 * Pins, per collection, the type of every column, the depth of the time partitions and the spelling of the name, once and for
 * all processes.
 *
 * The pins live beside the collections as a chain of versions, each holding all pins so far and created only if absent:
 *
 *     <endpoint>/<deployment>/_schema/<collection, lower case>/schema-000001.json
 *     <endpoint>/<deployment>/_schema/<collection, lower case>/schema-000002.json      the newest counts
 *
 * Two processes that see a new column at the same moment both try to create the next version; one wins, the other reads
 * what won and goes on from there. So a name has one type, whoever writes, and a restart changes nothing. Within a process, of
 * two types for one new column the one that was surveyed first wins, whichever pin gets through first.
 *
 * Keys that are data (`{ [userId]: score }`) would make a column of each value. So a collection has room for {@link mostColumns}
 * columns and {@link mostVersions} versions, which bounds what a file, a version and all versions together can take.
 *
 * A chain that an earlier version began in the collection's own folder goes on here: its versions are copied, and what a process of that
 * version pins later is taken over before anything new is.
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

/** Whatever else than `pinned` concerns this collection alone, as far as anybody can tell. */
export type PinResult =
  | {
      readonly status: "pinned";
      readonly schema: Schema;
      /** The collection as its folder is spelled. */
      readonly collection: string;
      /** Columns that are not pinned because there is no room for more. */
      readonly beyond?: ReadonlySet<string>;
    }
  /** Somebody must change something: its files are laid out otherwise than this segment would be, or its types are unusable. */
  | { readonly status: "blocked"; readonly error: Error }
  | PinFailure;

type PinFailure = Exclude<PutResult, { status: "stored" | "exists" | "conflict" }>;

/** Each version holds all columns, so their number counts as much as their length. */
export const mostVersions = 1_000;

/** Each round another process has won, so this many are needed only when as many start at once. */
const maxRounds = 100;

/** A registry that keeps what it has read: a collection costs a few reads per process and one object per new column set. */
export function createSchemaRegistry(store: Store): SchemaRegistry {
  return new ChainRegistry(store);
}

class ChainRegistry implements SchemaRegistry {
  readonly #store: Store;
  /** By folder. */
  readonly #known = new Map<string, Known>();
  readonly #claims = new Map<string, Claims>();

  constructor(store: Store) {
    this.#store = store;
  }

  async pin(
    label: SegmentLabel,
    wanted: Schema,
    untyped: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<PinResult> {
    try {
      const claimed = this.#claim(folderOf(label), wanted);
      const pinned = await this.#extend(label, claimed, signal === undefined ? {} : { signal });
      return pinned instanceof Known ? answer(pinned, label, wanted, untyped) : pinned;
    } catch (thrown) {
      return thrown instanceof UnusableSchemaError
        ? { status: "blocked", error: thrown }
        : readFailure(thrown);
    }
  }

  lookUp(label: SegmentLabel, wanted: Schema, untyped: ReadonlySet<string>): PinResult | undefined {
    const folder = folderOf(label);
    const known = this.#known.get(folder);
    if (known !== undefined && !known.lacks(wanted)) return answer(known, label, wanted, untyped);
    this.#claim(folder, wanted);
    return undefined;
  }

  /** What is to be pinned for `wanted`: what was wanted first. */
  #claim(folder: string, wanted: Schema): Schema {
    const known = this.#known.get(folder);
    let claims = this.#claims.get(folder);
    if (claims === undefined) this.#claims.set(folder, (claims = new Claims()));
    return claims.add(wanted, known);
  }

  async #extend(label: SegmentLabel, wanted: Schema, options: Aborting): Promise<Known | PinFailure> {
    const folder = folderOf(label);
    for (let round = 0; round < maxRounds; round++) {
      let here = this.#known.get(folder) ?? (await this.#load(folder, undefined, options));
      if (here?.collection !== undefined && !here.lacks(wanted)) return this.#settle(folder, here);
      const former = await this.#former(label, here, options);
      if (here === undefined && former !== undefined) {
        const adopted = await this.#adopt(folder, former, options);
        if (!(adopted instanceof Known) && adopted !== "conflict") return adopted;
        if (adopted === "conflict") continue;
        here = adopted;
        if (!here.lacks(wanted)) return this.#settle(folder, here);
      }
      const columns = new Map(here?.columns);
      for (const more of [former?.pins.columns, wanted]) if (more !== undefined) extendColumns(columns, more);
      const next: Pins = {
        version: (here?.version ?? 0) + 1,
        collection: here?.collection ?? label.collection,
        rollingRate: here?.rollingRate ?? label.rollingRate,
        columns,
      };
      const result = await this.#put(folder, next, options);
      if (result.status === "stored" || result.status === "exists")
        return this.#settle(folder, new Known(next));
      if (result.status !== "conflict") return result;
      // Another process made this version: read it and go on from there.
      const newer = await this.#load(folder, here, options);
      if (newer?.collection !== undefined) this.#settle(folder, newer);
    }
    throw new UnusableSchemaError(folder, "has a next version that cannot be read");
  }

  #settle(folder: string, known: Known): Known {
    this.#known.set(folder, known);
    const claims = this.#claims.get(folder);
    claims?.forget(known);
    if (claims?.size === 0) this.#claims.delete(folder);
    return known;
  }

  /** The newest pins, or `known` if there are none newer. */
  async #load(folder: string, known: Known | undefined, options: Aborting): Promise<Known | undefined> {
    const pins = await newestPins(this.#store, folder, known?.version ?? 0, options);
    if (pins === undefined) return known;
    if (pins.collection !== undefined && !folder.endsWith(`/${pins.collection.toLowerCase()}`)) {
      throw new UnusableSchemaError(schemaPath(folder, pins.version), "is that of another collection");
    }
    return new Known(pins);
  }

  /** The chain in the collection's own folder, if there is one. */
  async #former(
    label: SegmentLabel,
    here: Known | undefined,
    options: Aborting,
  ): Promise<Former | undefined> {
    const { endpoint, deployment, collection } = label;
    const spellings =
      here?.collection === undefined ? [collection, collection.toLowerCase()] : [here.collection];
    for (const spelling of new Set(spellings)) {
      const folder = formerSchemaFolder(endpoint, deployment, spelling);
      try {
        const pins = await newestPins(this.#store, folder, 0, options);
        if (pins !== undefined) return { folder, spelling, pins };
      } catch (thrown) {
        // Once it goes on elsewhere, nobody needs it; and those who still do cannot use it either.
        if (here === undefined || !(thrown instanceof UnusableSchemaError)) throw thrown;
      }
    }
    return undefined;
  }

  /** Copies a former chain; several processes that do so at once make the same copy. */
  async #adopt(
    folder: string,
    { folder: from, spelling, pins }: Former,
    options: Aborting,
  ): Promise<Known | PinFailure | "conflict"> {
    let copied: Pins = pins;
    for (let version = 1; version <= pins.version; version++) {
      const path = schemaPath(from, version);
      const bytes = await readVersion(this.#store, from, version, options);
      if (bytes === undefined)
        throw new UnusableSchemaError(path, "is missing, and later versions are there");
      copied = { ...parsePins(path, version, bytes), collection: spelling };
      const result = await this.#put(folder, copied, options);
      if (result.status === "conflict") return "conflict";
      if (result.status !== "stored" && result.status !== "exists") return result;
    }
    return new Known(copied);
  }

  #put(folder: string, pins: Pins, options: Aborting): Promise<PutResult> {
    const path = schemaPath(folder, pins.version);
    return this.#store.put(path, pinsBytes(pins), { ...options, contentType: "application/json" });
  }
}

/** A chain where an earlier version kept it. */
interface Former {
  readonly folder: string;
  /** The collection's name, as its folder has it. */
  readonly spelling: string;
  readonly pins: Pins;
}

/** Pins, and what is asked of them often. */
class Known implements Pins {
  readonly version: number;
  readonly collection: string | undefined;
  readonly rollingRate: Pins["rollingRate"];
  readonly columns: Schema;
  readonly #names: Names;

  constructor({ version, collection, rollingRate, columns }: Pins) {
    this.version = version;
    this.collection = collection;
    this.rollingRate = rollingRate;
    this.columns = columns;
    this.#names = new Names(columns.keys());
  }

  /** Whether a column of that name, in whatever case, is pinned. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** Whether there is a column to pin, and room for it. */
  lacks(wanted: Schema): boolean {
    if (this.version >= mostVersions) return false;
    for (const name of wanted.keys()) if (this.#names.takes(name)) return true;
    return false;
  }
}

/** The names of columns, without regard to case, and whether there is room for more. */
class Names {
  readonly #lowerCase = new Set<string>();
  #bytes = 1_024;

  constructor(names: Iterable<string>) {
    for (const name of names) this.add(name);
  }

  has(name: string): boolean {
    return this.#lowerCase.has(name.toLowerCase());
  }

  /** Whether a column of this name can be added: it is new, and the file stays so small that it can be read again. */
  takes(name: string): boolean {
    return (
      !this.has(name) && this.#lowerCase.size < mostColumns && this.#bytes + columnBytes(name) <= maxFileBytes
    );
  }

  add(name: string): void {
    this.#lowerCase.add(name.toLowerCase());
    this.#bytes += columnBytes(name);
  }
}

/** The first wish for each column that is not yet pinned: until then it counts, however many pins fail in between. */
class Claims {
  readonly #columns = new Map<string, readonly [name: string, type: ColumnType]>();

  get size(): number {
    return this.#columns.size;
  }

  /** What was claimed first of what is wanted and not known. */
  add(wanted: Schema, known: Known | undefined): Schema {
    const claimed = new Map<string, ColumnType>();
    for (const [name, type] of wanted) {
      if (known?.has(name)) continue;
      const key = name.toLowerCase();
      let first = this.#columns.get(key);
      if (first === undefined) {
        first = [name, type];
        if (this.#columns.size < mostColumns) this.#columns.set(key, first);
      }
      claimed.set(...first);
    }
    return claimed;
  }

  forget(known: Known): void {
    for (const [key] of this.#columns) if (known.has(key)) this.#columns.delete(key);
  }
}

function folderOf({ endpoint, deployment, collection }: SegmentLabel): string {
  return schemaFolder(endpoint, deployment, collection);
}

/** Adds columns that are new and for which there is room. */
function extendColumns(columns: Map<string, ColumnType>, more: Schema): void {
  const names = new Names(columns.keys());
  for (const [name, type] of more) {
    if (!names.takes(name)) continue;
    names.add(name);
    columns.set(name, type);
  }
}

/** Which of the pinned types a segment needs, if its collection is laid out as it wants to be. */
function answer(
  pins: Known,
  label: SegmentLabel,
  wanted: Schema,
  untyped: ReadonlySet<string>,
): Extract<PinResult, { status: "pinned" | "blocked" }> {
  if (pins.rollingRate !== label.rollingRate) {
    const message =
      `collection ${label.collection} is partitioned by ${pins.rollingRate} since its first file, and the rolling rate is now ` +
      `${label.rollingRate}: set it back, or use another deployment or destination (a tree of two depths is unreadable)`;
    return { status: "blocked", error: new Error(message) };
  }
  const schema = new Map<string, ColumnType>();
  for (const [name, type] of pins.columns) {
    if (wanted.has(name) || untyped.has(name)) schema.set(name, type);
  }
  // All that there was room for are pinned by now.
  const beyond = new Set([...wanted.keys()].filter((name) => !pins.has(name)));
  const collection = pins.collection ?? label.collection;
  return { status: "pinned", schema, collection, ...(beyond.size > 0 && { beyond }) };
}

/**
 * The types that a segment wants for its columns, declared types first, and the columns that say nothing of theirs: of which it has
 * only nulls, values that no type can hold, or values that decide none ({@link isUndecided}). The first value that decides counts.
 */
export function wantedTypes(
  batches: Iterable<{
    header: { declared: Readonly<Record<string, string>>; untyped: readonly string[] };
    columns: readonly Pick<BatchColumn, "name" | "type" | "validity" | "values">[];
  }>,
): { wanted: Map<string, ColumnType>; untyped: Set<string> } {
  const wanted = new Map<string, ColumnType>();
  const untyped = new Set<string>();
  for (const { header, columns } of batches) {
    for (const [name, text] of Object.entries(header.declared)) {
      const type = parseType(text);
      if (type !== undefined) wanted.set(name, type);
    }
    for (const name of header.untyped) untyped.add(name);
    /** Columns of this batch that decide a type: the builder's order of several types for one name says nothing. */
    const deciding = new Map<string, (typeof columns)[number]>();
    for (const column of columns) {
      const { name, type } = column;
      if (type === "rejected" || isUndecided(column)) untyped.add(name);
      else if (!wanted.has(name)) {
        const other = deciding.get(name);
        if (other === undefined || firstDeciding(column) < firstDeciding(other)) deciding.set(name, column);
      }
    }
    for (const [name, { type }] of deciding) wanted.set(name, type as ColumnType);
  }
  return { wanted, untyped };
}
