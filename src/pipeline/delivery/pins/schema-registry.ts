import { collectionKey } from "../../../layout/collection-key.ts";
import type { ColumnType } from "../../../layout/column-type.ts";
import type { Schema } from "../../../layout/schema.ts";
import { type PutResult, readFailure, type Store } from "../../../store/store.ts";
import { type Aborting, newestPins, readVersion } from "./schema-chain.ts";
import { formerSchemaFolder, schemaFolder, schemaPath } from "../../../layout/dataset-path.ts";
import { parsePins, type Pins, pinsBytes, UnusableSchemaError } from "../../../layout/pinned-schema.ts";
import { extendColumns, KnownPins } from "./known-pins.ts";
import { TypeClaims } from "./type-claims.ts";
import type { SegmentLabel } from "../../segment-label.ts";

/**
 * Pins, per collection, the type of every column, the depth of the time partitions and the spelling of the
 * name, once and for all processes.
 *
 * The pins live beside the collections as a chain of versions, each holding all pins so far and created only
 * if absent:
 *
 *     <endpoint>/<deployment>/_schema/<collection, lower case>/schema-000001.json
 *     <endpoint>/<deployment>/_schema/<collection, lower case>/schema-000002.json      the newest counts
 *
 * Two processes that see a new column at the same moment both try to create the next version; one wins, the
 * other reads what won and goes on from there. So a name has one type, whoever writes, and a restart changes
 * nothing. Within a process, of two types for one new column the one that was surveyed first wins, whichever
 * pin gets through first.
 *
 * Keys that are data (`{ [userId]: score }`) would make a column of each value. So a collection has room for
 * 10,000 columns and 1,000 versions (`known-pins.ts`), which bounds what a file, a version and all versions
 * together can take.
 *
 * A chain that an earlier version began in the collection's own folder goes on here: its versions are copied,
 * and what a process of that version pins later is taken over before anything new is.
 */
export interface SchemaRegistry {
  /**
   * The pinned types for `wanted`, in pinning order; columns not seen before are pinned first. A column whose
   * name differs from a pinned one only in case is left out: Hive, Spark and Trino would take the two for
   * one. `signal` ends the attempt; the result is then `retryable`.
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
  /**
   * Somebody must change something: its files are laid out otherwise than this segment would be, or its types
   * are unusable.
   */
  | { readonly status: "blocked"; readonly error: Error }
  | PinFailure;

type PinFailure = Exclude<PutResult, { status: "stored" | "exists" | "conflict" }>;

/** Each round another process has won, so this many are needed only when as many start at once. */
const maxRounds = 100;

/**
 * A registry that keeps what it has read: a collection costs a few reads per process and one object per new
 * column set.
 */
export function createSchemaRegistry(store: Store): SchemaRegistry {
  return new ChainRegistry(store);
}

class ChainRegistry implements SchemaRegistry {
  readonly #store: Store;
  /** By folder. */
  readonly #known = new Map<string, KnownPins>();
  readonly #claims = new Map<string, TypeClaims>();

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
      return pinned instanceof KnownPins ? answer(pinned, label, wanted, untyped) : pinned;
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
    if (claims === undefined) this.#claims.set(folder, (claims = new TypeClaims()));
    return claims.add(wanted, known);
  }

  async #extend(label: SegmentLabel, wanted: Schema, options: Aborting): Promise<KnownPins | PinFailure> {
    const folder = folderOf(label);
    for (let round = 0; round < maxRounds; round++) {
      let here = this.#known.get(folder) ?? (await this.#load(folder, undefined, options));
      if (here?.collection !== undefined && !here.lacks(wanted)) return this.#settle(folder, here);
      const former = await this.#former(label, here, options);
      if (here === undefined && former !== undefined) {
        const adopted = await this.#adopt(folder, former, options);
        if (!(adopted instanceof KnownPins) && adopted !== "conflict") return adopted;
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
        return this.#settle(folder, new KnownPins(next));
      if (result.status !== "conflict") return result;
      // Another process made this version: read it and go on from there.
      const newer = await this.#load(folder, here, options);
      if (newer?.collection !== undefined) this.#settle(folder, newer);
    }
    throw new UnusableSchemaError(folder, "has a next version that cannot be read");
  }

  #settle(folder: string, known: KnownPins): KnownPins {
    this.#known.set(folder, known);
    const claims = this.#claims.get(folder);
    claims?.forget(known);
    if (claims?.size === 0) this.#claims.delete(folder);
    return known;
  }

  /** The newest pins, or `known` if there are none newer. */
  async #load(
    folder: string,
    known: KnownPins | undefined,
    options: Aborting,
  ): Promise<KnownPins | undefined> {
    const pins = await newestPins(this.#store, folder, known?.version ?? 0, options);
    if (pins === undefined) return known;
    if (pins.collection !== undefined && !folder.endsWith(`/${collectionKey(pins.collection)}`)) {
      throw new UnusableSchemaError(schemaPath(folder, pins.version), "is that of another collection");
    }
    return new KnownPins(pins);
  }

  /** The chain in the collection's own folder, if there is one. */
  async #former(
    label: SegmentLabel,
    here: KnownPins | undefined,
    options: Aborting,
  ): Promise<Former | undefined> {
    const { endpoint, deployment, collection } = label;
    const spellings =
      here?.collection === undefined ? [collection, collectionKey(collection)] : [here.collection];
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
  ): Promise<KnownPins | PinFailure | "conflict"> {
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
    return new KnownPins(copied);
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

function folderOf({ endpoint, deployment, collection }: SegmentLabel): string {
  return schemaFolder(endpoint, deployment, collection);
}

/** Which of the pinned types a segment needs, if its collection is laid out as it wants to be. */
function answer(
  pins: KnownPins,
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
