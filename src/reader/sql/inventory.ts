import { collectionKey } from "../../layout/collection-key.ts";
import { pathPrefix, spanOf, type StoredPath } from "../../layout/dataset-path.ts";
import type { FileFormat } from "../../layout/format.ts";
import { overlaps, type RollingRate, type TimeRange } from "../../layout/partition.ts";
import { parseAnyPath } from "../../layout/paths/others-path.ts";
import { maxFileBytes, type Pins } from "../../layout/pinned-schema.ts";
import { isReplacingStem } from "../../layout/upkeep/upkeep-path.ts";
import { type DataFile, parseDataFile } from "../data-file.ts";
import { type OnUnusable, TableFiles } from "../listing/table-files.ts";
import { stemOf, withoutReplaced } from "../listing/without-replaced.ts";
import type { Store, StoreEntry } from "../../store/store.ts";
import type { Catalog } from "../catalog.ts";
import { pinsOf } from "../lines/pinned-types.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import { reasonOf, type UnreadableFile } from "../unreadable.ts";

/** Files of one collection that can be read as one table: of one deployment, format and depth. */
export interface FileSet {
  readonly format: FileFormat;
  /** How deep the partitions are; of JSON lines always an hour. */
  readonly rollingRate: RollingRate;
  readonly files: readonly StoreEntry[];
  /** Of JSON lines: the objects that they may refer to. */
  readonly beside: readonly StoreEntry[];
  /** Whether every row is within the times that were asked for, as the paths tell. */
  readonly isWithin: boolean;
  /** Whether all files are known to have one schema. Default false. */
  readonly isAlike?: boolean;
}

/** What one deployment has of a collection. */
export interface DeploymentFiles {
  readonly endpoint: string;
  readonly deployment: string;
  /** Undefined where nothing is pinned: the files are those of others. */
  readonly pins: Pins | undefined;
  readonly sets: readonly FileSet[];
  /** Whether it is a Delta table. */
  readonly isDelta: boolean;
  /** Its Delta log, if that cannot be used: nobody knows which files count, and `sets` has none. */
  readonly unusable: UnreadableFile | undefined;
}

/** A collection of all deployments that are looked at; perhaps without a file yet. */
export interface CollectionFiles {
  /** As it is spelled first. */
  readonly name: string;
  readonly deployments: readonly DeploymentFiles[];
}

/** What a store has of each collection in a range of time, by name: from its listing and the pinned types. */
export async function takeInventory(catalog: Catalog, range: TimeRange): Promise<CollectionFiles[]> {
  const found = new Map<string, Found>();
  const tables = new TableFiles(catalog.store);
  const { endpoint, deployment } = catalog.scope;
  for await (const entry of catalog.store.list(pathPrefix(endpoint, deployment))) {
    tables.see(entry.path);
    const path = parseAnyPath(entry.path);
    if (path === undefined || path.kind === "ledger" || path.kind === "profile") continue;
    if (deployment !== undefined && path.deployment !== deployment) continue;
    const key = [path.endpoint, path.deployment, collectionKey(path.collection)].join("/");
    let one = found.get(key);
    if (one === undefined) found.set(key, (one = new Found(path)));
    one.add(path, entry, range);
  }
  const all = mapConcurrent(found.values(), pinsAtOnce, async (one) => ({
    name: one.name,
    files: await one.result(catalog, tables),
  }));
  const collections = new Map<string, { name: string; deployments: DeploymentFiles[] }>();
  for await (const { name, files } of all) {
    const spelling = name ?? files.pins?.collection ?? "";
    const known = collections.get(collectionKey(spelling));
    if (known === undefined)
      collections.set(collectionKey(spelling), { name: spelling, deployments: [files] });
    else known.deployments.push(files);
  }
  return [...collections].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, collection]) => collection);
}

/** The Delta logs that cannot be used, of any of its deployments. */
export function unusableLogs({ deployments }: CollectionFiles): UnreadableFile[] {
  return deployments.flatMap(({ unusable }) => unusable ?? []);
}

const pinsAtOnce = 8;

/** The entries without those that do not count, or that another file of their folder replaces. */
async function entriesNow(
  store: Store,
  entries: readonly StoreEntry[],
  tables: TableFiles,
  onUnusable: OnUnusable,
): Promise<readonly StoreEntry[]> {
  if (tables.isEmpty && !entries.some(({ path }) => isReplacingStem(stemOf(path)))) return entries;
  async function* files(): AsyncGenerator<DataFile, void, undefined> {
    for (const entry of entries) {
      const file = parseDataFile(entry);
      if (file !== undefined) yield file;
    }
  }
  const kept = new Set<string>();
  for await (const { path } of withoutReplaced(store, tables.current(files(), onUnusable))) kept.add(path);
  return entries.filter(({ path }) => kept.has(path));
}

type SchemaVersion = Extract<StoredPath, { kind: "schema" }>;

/** One collection of one deployment while its files are listed. */
class Found {
  readonly #endpoint: string;
  readonly #deployment: string;
  /** As its folder is spelled; its types stand below the name in lower case. */
  #folder: string | undefined;
  readonly #key: string;
  #schema: { readonly entry: StoreEntry; readonly at: SchemaVersion } | undefined;
  readonly #sets = new Map<string, { set: FileSet; files: StoreEntry[]; isWithin: boolean }>();
  readonly #beside: StoreEntry[] = [];

  constructor({ endpoint, deployment, collection }: StoredPath) {
    this.#endpoint = endpoint;
    this.#deployment = deployment;
    this.#key = collectionKey(collection);
  }

  /** As the folder of its data is spelled; undefined if it has none, and the types do not tell. */
  get name(): string | undefined {
    return this.#folder ?? (this.#schema === undefined ? this.#key : undefined);
  }

  add(path: StoredPath, entry: StoreEntry, range: TimeRange): void {
    if (path.kind === "schema") return this.#addSchema(path, entry);
    this.#folder ??= path.collection;
    if (path.kind === "beside") return void this.#beside.push(entry);
    if (path.kind === "ledger" || path.kind === "profile") return;
    const span = spanOf(path);
    if (!overlaps(span, range)) return;
    const rollingRate = path.kind === "parquet" ? path.rollingRate : "hour";
    const key = `${path.kind} ${rollingRate}`;
    let known = this.#sets.get(key);
    if (known === undefined) {
      const files: StoreEntry[] = [];
      const set = { format: path.kind, rollingRate, files, beside: this.#beside, isWithin: true };
      this.#sets.set(key, (known = { set, files, isWithin: true }));
    }
    known.files.push(entry);
    known.isWithin &&= span.start >= range.from && span.end <= range.to;
  }

  /** The newest version counts; one beside the collections before one in their folder, where it was once. */
  #addSchema(at: SchemaVersion, entry: StoreEntry): void {
    const known = this.#schema?.at;
    const isNewer =
      known === undefined || (known.former === at.former ? at.version > known.version : known.former);
    if (isNewer) this.#schema = { entry, at };
  }

  async result({ store }: Catalog, tables: TableFiles): Promise<DeploymentFiles> {
    let pins: Pins | undefined;
    if (this.#schema !== undefined) {
      const { entry, at } = this.#schema;
      const range = { start: 0, end: maxFileBytes + 1 };
      const bytes = await store.get(entry.path, { range, etag: entry.etag });
      pins = pinsOf(entry.path, at.version, bytes);
    }
    const place = { endpoint: this.#endpoint, deployment: this.#deployment };
    const bad: UnreadableFile[] = [];
    const onUnusable: OnUnusable = (log, thrown) => void bad.push({ path: log, reason: reasonOf(thrown) });
    const sets: FileSet[] = [];
    for (const { set, files, isWithin } of this.#sets.values())
      sets.push({ ...set, files: await entriesNow(store, files, tables, onUnusable), isWithin });
    const [unusable] = bad;
    const folder = this.#folder ?? pins?.collection ?? this.#key;
    const isDelta = tables.has(`${place.endpoint}/${place.deployment}/${folder}`);
    return { ...place, pins, sets: unusable === undefined ? sets : [], isDelta, unusable };
  }
}
