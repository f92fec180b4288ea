import { collectionKey } from "./collection-key.ts";
import { type FileFormat, fileEndings } from "./format.ts";
import {
  azureMlPartition,
  hivePartition,
  parseAzureMlPartition,
  parseHivePartition,
  partitionSpan,
  partitionStart,
  type RollingRate,
  type Span,
} from "./partition.ts";
import { isDayStem } from "./paths/day-stem.ts";
import { type NamedSegment, parseStem, segmentStem } from "./paths/segment-stem.ts";

/*
 * The stored tree: where everything is that is ever put at a destination, written and read back by one
 * grammar.
 *
 *     <endpoint>/<deployment>/
 *       <collection>/inference_date=2026-11-22/inference_hour=05/<begun at>-<segment>.parquet
 *       <collection>/2026/11/22/05/<segment>000000.jsonl
 *       <collection>/2026/11/22/05/<segment>000000-000000.json
 *       _schema/<collection, lower case>/schema-000001.json
 *       <collection>/_schema/schema-000001.json              where an earlier version kept them
 *       _ledger/2026-11-22/<begun at>-<segment>.jsonl        see ledger-entry.ts
 *       _profile/2026-11-22/<begun at>-<segment>.jsonl       see profile/stored-profiles.ts
 *       _profile/2026-11-22/day-<what of>.jsonl              see layout/paths/day-stem.ts
 *       _bodies/<collection, lower case>/…/<id>.bin          see body-path.ts
 *       <collection>/_delta_log/00000000000000000000.json    see delta/log-paths.ts
 *       _monitor/2026-11-22/<time>-<id>.json                 see monitoring/monitor-path.ts
 *
 * The partition is the UTC truncation of the *request's* time, and a file holds rows of one partition only,
 * so a path alone tells whether a file can hold rows of a time range.
 */

/** What the files of one collection and partition have in common. */
export interface DataFolder {
  readonly format: FileFormat;
  readonly rollingRate: RollingRate;
  readonly endpoint: string;
  readonly deployment: string;
  /** As its folder is spelled. */
  readonly collection: string;
  /** Start of the partition, milliseconds since 1970 UTC; its date is part of a path: see `hasPlainDate`. */
  readonly partition: number;
}

/** The place of one stored object, as its path tells. */
export type StoredPath = AnyPath & {
  readonly endpoint: string;
  readonly deployment: string;
  readonly collection: string;
};

type FilePath =
  | {
      readonly kind: "parquet";
      readonly partition: number;
      readonly rollingRate: RollingRate;
      /**
       * The file's name without its ending; whoever else writes files into the tree may call them anything.
       */
      readonly stem: string;
    }
  | {
      readonly kind: "jsonl";
      /** Start of the hour that its folders name, whatever the rolling rate. */
      readonly hour: number;
      readonly stem: string;
    };

/** An object that a file of JSON lines refers to. */
interface BesidePath {
  readonly kind: "beside";
  readonly hour: number;
  /** That of the file. */
  readonly stem: string;
  /** From 0. */
  readonly number: number;
}

/** A version of pinned types. */
interface SchemaPath {
  readonly kind: "schema";
  /** From 1. */
  readonly version: number;
  /** Whether it is in the collection's own folder. Beside the collections, `collection` is in lower case. */
  readonly former: boolean;
}

/** A part of what is told of frames; its `collection` is {@link ledgerName}, or {@link profileName}. */
interface ToldPath<Kind> {
  readonly kind: Kind;
  /** When it was begun, milliseconds since 1970 UTC; of a whole day's profiles its start. */
  readonly begunAt: number;
  readonly stem: string;
}

type AnyPath = FilePath | BesidePath | SchemaPath | ToldPath<"ledger"> | ToldPath<"profile">;

/** The path of an object, relative to the destination. */
export function writePath(path: StoredPath): string {
  const { endpoint, deployment, collection } = path;
  const folder = `${endpoint}/${deployment}/${collection}`;
  switch (path.kind) {
    case "parquet": {
      const partition = hivePartition({ start: path.partition, rate: path.rollingRate });
      return `${folder}/${partition}/${path.stem}${fileEndings.parquet}`;
    }
    case "jsonl":
      return `${folder}/${azureMlPartition(path.hour)}/${path.stem}${fileEndings.jsonl}`;
    case "beside":
      return `${folder}/${azureMlPartition(path.hour)}/${path.stem}-${sixDigits(path.number)}${besideEnding}`;
    case "ledger":
    case "profile":
      return `${folder}/${hivePartition({ start: path.begunAt, rate: "day" }).slice(-10)}/${path.stem}${fileEndings.jsonl}`;
    case "schema": {
      const locate = path.former ? formerSchemaFolder : schemaFolder;
      return schemaPath(locate(endpoint, deployment, collection), path.version);
    }
  }
}

/**
 * Reads a path that {@link writePath} can have written; undefined for any other text, which is none of ours.
 */
export function parsePath(path: string): StoredPath | undefined {
  const parts = path.split("/", maxParts);
  const [endpoint, deployment, third] = parts;
  const name = parts.at(-1);
  if (!isListable(endpoint) || !isListable(deployment) || third === undefined || !isListable(name))
    return undefined;
  const place = placeIn(third, parts.slice(3, -1), name);
  if (place === undefined) return undefined;
  const stored = { endpoint, deployment, ...place };
  return writePath(stored) === path ? stored : undefined;
}

/** The deepest path has seven, and one more says that there are too many. */
const maxParts = 8;

/**
 * What stands behind endpoint and deployment. That nothing else fits is what the comparison with what is
 * written shows.
 */
function placeIn(
  third: string,
  folders: readonly string[],
  name: string,
): (AnyPath & { readonly collection: string }) | undefined {
  const [folder] = folders;
  if (third === ledgerName || third === profileName) {
    const stem = stemOf(name, fileEndings.jsonl) ?? "";
    const kind = third === ledgerName ? "ledger" : "profile";
    const isDay = kind === "profile" && isDayStem(stem);
    const begunAt = isDay ? dayStart(folder ?? "") : parseStem("parquet", stem)?.createdAt;
    return begunAt === undefined ? undefined : { kind, collection: third, begunAt, stem };
  }
  if (folders.length === 1 && (third === schemaName || folder === schemaName)) {
    const version = Number(/^schema-(\d{6,15})\.json$/.exec(name)?.[1] ?? 0);
    const former = third !== schemaName;
    const collection = former ? third : folder;
    return version > 0 && isCollection(collection)
      ? { kind: "schema", collection, version, former }
      : undefined;
  }
  if (!isCollection(third)) return undefined;
  const parquet = stemOf(name, fileEndings.parquet);
  if (parquet !== undefined) {
    const partition = parseHivePartition(folders.join("/"));
    if (partition === undefined) return undefined;
    const { start, rate } = partition;
    return { kind: "parquet", collection: third, partition: start, rollingRate: rate, stem: parquet };
  }
  const hour = parseAzureMlPartition(folders.join("/"));
  if (hour === undefined) return undefined;
  const jsonl = stemOf(name, fileEndings.jsonl);
  if (jsonl !== undefined) return { kind: "jsonl", collection: third, hour, stem: jsonl };
  const [, stem, number] = /^(.+)-(\d{6,15})$/s.exec(stemOf(name, besideEnding) ?? "") ?? [];
  if (stem === undefined) return undefined;
  return { kind: "beside", collection: third, hour, stem, number: Number(number) };
}

/** The request times that the rows of a file can have. */
export function spanOf(path: Extract<StoredPath, { kind: "parquet" | "jsonl" }>): Span {
  if (path.kind === "parquet") return partitionSpan({ start: path.partition, rate: path.rollingRate });
  // The folders are as deep for every rate, so those of the day's first hour can have the whole day's rows.
  const rate = path.hour === partitionStart(path.hour, "day") ? "day" : "hour";
  return partitionSpan({ start: path.hour, rate });
}

/**
 * The path of a segment's file, relative to the destination: a pure function of the sealed segment and its
 * folder. The folder's collection is the spelling that is pinned, which never changes.
 */
export function dataFilePath(folder: DataFolder, segment: NamedSegment): string {
  const { format, endpoint, deployment, collection, partition, rollingRate } = folder;
  const names = { endpoint, deployment, collection, stem: segmentStem(format, segment) };
  return writePath(
    format === "parquet"
      ? { kind: "parquet", ...names, partition, rollingRate }
      : { kind: "jsonl", ...names, hour: partition },
  );
}

/**
 * The path of the object with this number, from 0, that a segment's file refers to: beside the file, with an
 * ending that Azure's discovery of records (`HH/*.jsonl`) passes by.
 */
export function besidePath(folder: DataFolder, segment: NamedSegment, number: number): string {
  const { endpoint, deployment, collection, partition } = folder;
  const stem = segmentStem("jsonl", segment);
  return writePath({ kind: "beside", endpoint, deployment, collection, hour: partition, stem, number });
}

/** The path of the part of the ledger, or of the profiles, that a segment is. */
export function toldFilePath(
  kind: "ledger" | "profile",
  { endpoint, deployment }: Pick<DataFolder, "endpoint" | "deployment">,
  segment: NamedSegment,
): string {
  const stem = segmentStem("parquet", segment);
  const collection = kind === "ledger" ? ledgerName : profileName;
  return writePath({ kind, endpoint, deployment, collection, begunAt: segment.createdAt, stem });
}

/** The path of a whole day's profiles. */
export function dayProfilePath(
  { endpoint, deployment }: Pick<DataFolder, "endpoint" | "deployment">,
  day: number,
  stem: string,
): string {
  return writePath({ kind: "profile", endpoint, deployment, collection: profileName, begunAt: day, stem });
}

/**
 * What all paths of an endpoint, or of one of its deployments, begin with: as much of it as a prefix can say,
 * so that of a deployment without its endpoint is empty.
 */
export function pathPrefix(endpoint: string | undefined, deployment: string | undefined): string {
  if (endpoint === undefined) return "";
  return deployment === undefined ? `${endpoint}/` : `${endpoint}/${deployment}/`;
}

/**
 * Where a collection's types are: beside the collections, because engines take every file in a collection's
 * folder for data. Names that differ only in case are one collection.
 */
export function schemaFolder(endpoint: string, deployment: string, collection: string): string {
  return `${endpoint}/${deployment}/${schemaName}/${collectionKey(collection)}`;
}

/** Where an earlier version kept them: in the collection's own folder. */
export function formerSchemaFolder(endpoint: string, deployment: string, collection: string): string {
  return `${endpoint}/${deployment}/${collection}/${schemaName}`;
}

/** The file of a version, from 1, in one of these folders. */
export function schemaPath(folder: string, version: number): string {
  return `${folder}/schema-${sixDigits(version)}.json`;
}

/** Where the ledger is stored, beside the collections: no collection's name begins so. */
export const ledgerName = "_ledger";
/** Where profiles are stored, likewise. */
export const profileName = "_profile";
/** The folder of a collection's log, where it is a Delta table, beside the folders of its partitions. */
export const deltaLogName = "_delta_log";
const schemaName = "_schema";
const besideEnding = ".json";

/** The first instant of a day; undefined for what is no date. */
function dayStart(date: string): number | undefined {
  return parseHivePartition(`inference_date=${date}`)?.start;
}

function sixDigits(number: number): string {
  return String(number).padStart(6, "0");
}

/**
 * A name in a path that any store can list. Whoever reads takes those of others too, so this asks for less
 * than `parseName`.
 */
function isListable(part: string | undefined): part is string {
  return part !== undefined && part !== "" && part !== "." && part !== "..";
}

/** What begins so stands beside the collections, and engines pass it by. */
function isCollection(part: string | undefined): part is string {
  return isListable(part) && !part.startsWith("_") && !part.startsWith(".");
}

function stemOf(name: string, ending: string): string | undefined {
  return name.endsWith(ending) && name.length > ending.length ? name.slice(0, -ending.length) : undefined;
}
