import {
  groupOf,
  nameText,
  optionsOf,
  type Parser,
  type Parsers,
  parseFields,
  type Place,
  plainObject,
  within,
} from "../base/fields.ts";
import { reading, told, wrongValue } from "../base/errors.ts";
import { collectionKey, parseName } from "../layout/collection-key.ts";
import {
  type AnyRows,
  type CollectionSettings,
  Computed,
  type Group,
  type Named,
  type Origin,
  parserAt,
  type Row,
  type Said,
  type SettingValues,
  type Surroundings,
} from "./setting-row.ts";
import { settingTable } from "./setting-table.ts";

/**
 * What one source (the options, the environment, a file) says, checked field by field and complete in itself.
 * Sources differ only in how they are read; `resolve.ts` lays them over one another.
 */
export interface Settings extends Said<SettingValues> {
  /** Whether collections that the source does not name are on; only files say that. */
  readonly othersEnabled?: boolean;
}

/** Settings of which only the names are known. */
type Fields = Readonly<Record<string, unknown>>;

/** How one source is read. */
export interface SourceReader {
  /** What reads a row; undefined if it cannot be said there. */
  row(row: Row<unknown>, path: string): Parser<unknown> | undefined;
  /** What reads a group, or the collections, by what reads their rows. */
  group(parsers: Parsers<Fields>, path: string): Parser<unknown>;
  named(parsers: Parsers<Fields>, path: string): Parser<unknown>;
}

/** The parsers of all that a source can say. */
export function parsersOf(reader: SourceReader, rows: AnyRows = settingTable, above = ""): Parsers<Fields> {
  const parsers: Record<string, Parser<unknown>> = {};
  for (const [name, entry] of Object.entries(rows)) {
    const path = above + name;
    const parser = "kind" in entry ? reader.row(entry, path) : parserOfGroup(reader, entry, path);
    if (parser !== undefined) parsers[name] = parser;
  }
  return parsers;
}

function parserOfGroup(
  reader: SourceReader,
  entry: Group | Named,
  path: string,
): Parser<unknown> | undefined {
  const parsers = parsersOf(reader, rowsOf(entry), `${path}.`);
  if (Object.keys(parsers).length === 0) return undefined;
  return "each" in entry ? reader.named(parsers, path) : reader.group(parsers, path);
}

/** Every row with its path (`spool.maxBytes`, `collections.<name>.enabled`), in the table's order. */
export function* settingRows(
  rows: AnyRows = settingTable,
  above = "",
): Iterable<readonly [path: string, row: Row<unknown>]> {
  for (const [name, entry] of Object.entries(rows)) {
    if ("kind" in entry) yield [above + name, entry];
    else yield* settingRows(rowsOf(entry), `${above}${name}.${"each" in entry ? "<name>." : ""}`);
  }
}

function rowsOf(entry: Group | Named): AnyRows {
  return "each" in entry ? entry.each : entry.rows;
}

/** What stands at a path of `settings`. */
export function valueAt(settings: object, path: string): unknown {
  let value: unknown = settings;
  for (const name of path.split(".")) value = (value as Fields | undefined)?.[name];
  return value;
}

/** Puts a value at a path of `settings`, with the groups that it needs. */
export function putAt(settings: object, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop() as string;
  let group = settings as Record<string, unknown>;
  for (const name of names) group = (group[name] ??= {}) as Record<string, unknown>;
  group[last] = value;
}

/**
 * What sources say together, the first on top: field by field within groups, and of each single collection.
 */
export function layered(sources: readonly Settings[]): Settings {
  const othersEnabled = sources.find((source) => source.othersEnabled !== undefined)?.othersEnabled;
  const together = layer(settingTable, sources, strictest);
  return othersEnabled === undefined ? together : { ...together, othersEnabled };
}

/** What one source says that said `earlier` and then `later`, which takes back what it says anew. */
export function revised(earlier: Settings, later: Settings): Settings {
  return layer(settingTable, [later, earlier], first);
}

/** What settings of one collection come to, the first on top. */
export function layeredCollection(
  sources: readonly Partial<CollectionSettings>[],
): Partial<CollectionSettings> {
  return layer(settingTable.collections.each, sources, strictest);
}

/** What holds if several sources say a setting; there is at least one. */
type Choose = (row: Row<unknown>, said: readonly unknown[]) => unknown;
const first: Choose = (_row, said) => said[0];
const strictest: Choose = (row, said) => (row.together === undefined ? said[0] : row.together(said));

function layer(rows: AnyRows, sources: readonly object[], choose: Choose): Fields {
  const together: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(rows)) {
    const said = sources.map((source) => (source as Fields)[name]).filter((value) => value !== undefined);
    if (said.length === 0) continue;
    if ("kind" in entry) together[name] = choose(entry, said);
    else if ("rows" in entry) together[name] = layer(entry.rows, said as Fields[], choose);
    else together[name] = layerNamed(entry.each, said as ReadonlyMap<string, Fields>[], choose);
  }
  return together;
}

function layerNamed(
  rows: AnyRows,
  sources: readonly ReadonlyMap<string, Fields>[],
  choose: Choose,
): ReadonlyMap<string, Fields> {
  const together = new Map<string, Fields>();
  for (const key of sources.toReversed().flatMap((source) => [...source.keys()])) {
    const said = sources.map((source) => source.get(key)).filter((fields) => fields !== undefined);
    together.set(key, layer(rows, said, choose));
  }
  return together;
}

/** `said`, and the default of each row of which it says nothing; of single collections only what is said. */
export function withDefaults(said: Settings, surroundings: Surroundings): SettingValues {
  const values = fill(settingTable, said as Fields) as unknown as SettingValues;
  for (const [path, row] of settingRows()) {
    if (row.default instanceof Computed && valueAt(values, path) === undefined) {
      putAt(values, path, row.default.make(values, surroundings));
    }
  }
  return values;
}

function fill(rows: AnyRows, said: Fields): Fields {
  const values: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(rows)) {
    const own = said[name];
    if ("rows" in entry) values[name] = fill(entry.rows, (own ?? {}) as Fields);
    else if ("each" in entry) values[name] = own ?? new Map();
    else values[name] = own === undefined && !(entry.default instanceof Computed) ? entry.default : own;
  }
  return values;
}

/**
 * Checks `DeploymentOptions`. `callee` begins every message: "openDeployment option samplingRate: expected
 * …".
 */
export function parseDeploymentOptions(options: unknown, callee: string, origin: Origin): Settings {
  const parsers = parsersOf({
    row: ({ kind, option }) => (option === false ? undefined : parserAt(kind.parse, origin)),
    group: groupOf,
    named: (one) => parseCollections(groupOf(one)),
  });
  return parseFields(options, optionsOf(callee), parsers);
}

/** What is said of single collections, by {@link collectionKey}. */
export function parseCollections<T>(parseOne: Parser<T>): Parser<ReadonlyMap<string, T>> {
  return (value, where) => parseNamed(value, within(where), parseOne);
}

/** The same at a place whose fields are called otherwise. `parseOne` is told the collection's name too. */
export function parseNamed<T>(
  value: unknown,
  place: Place,
  parseOne: (one: unknown, where: string, name: string) => T,
): ReadonlyMap<string, T> {
  const collections = new Map<string, T>();
  const given = plainObject(value, place.whole);
  for (const [name, one] of reading(place.whole, () => Object.entries(given))) {
    const key = collectionKey(parseName(name, place.field(name)));
    if (collections.has(key))
      throw wrongValue(place.field(name), "each name once, in whatever case", told(nameText(name)));
    if (one !== undefined) collections.set(key, parseOne(one, place.field(name), name));
  }
  return collections;
}
