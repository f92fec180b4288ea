import { pathToFileURL } from "node:url";
import { posix } from "node:path";
import { hasAccountInPath } from "../../destination/azure-names.ts";

/** Where tables are, in the spelling of each engine. */
export interface TablePlace {
  readonly kind: "folder" | "blob" | "s3";
  /** The storage account; undefined where it is not Blob Storage. */
  readonly account: string | undefined;
  /** A path of this machine, or a URL as Blob Storage, or S3, has it. */
  plain(folder: string): string;
  /** As Hadoop's file systems name it: `abfss://`, `s3a://` or `file:///`. */
  hadoop(folder: string): string;
  /** As Databricks and Trino name it: as Hadoop does, but `s3://`. */
  lake(folder: string): string;
  /** As DuckDB names it: `az://`, `s3://` or a path. */
  duckdb(folder: string): string;
  /** Within the container or bucket, or as {@link TablePlace.plain} for a folder. */
  within(folder: string): string;
}

/** The place of a store, by its description: a folder, the URL of a container, or of a bucket. */
export function placeOf(root: string): TablePlace {
  const container = containerOf(root);
  if (container !== undefined) return blobPlace(container);
  const base = root.replace(/[/\\]$/, "");
  const plain = (folder: string): string => `${base}/${folder}`;
  const bucket = /^s3:\/\/[^/]+/.exec(root)?.[0];
  if (bucket !== undefined) {
    const within = (folder: string): string => plain(folder).slice(bucket.length + 1);
    const hadoop = (folder: string): string => plain(folder).replace(/^s3:/, "s3a:");
    return { kind: "s3", account: undefined, plain, hadoop, lake: plain, duckdb: plain, within };
  }
  // `file:/x` and `file:///x` are one thing to Hadoop.
  const hadoop = (folder: string): string =>
    /^https?:\/\//.test(root) ? plain(folder) : decodeURI(pathToFileURL(plain(folder)).href);
  const same = { plain, duckdb: plain, within: plain };
  return { kind: "folder", account: undefined, ...same, hadoop, lake: hadoop };
}

/** A folder of a container. */
interface Container {
  readonly account: string;
  /** What follows the account's name and the service's in a host: `core.windows.net`. */
  readonly suffix: string;
  readonly container: string;
  readonly prefix?: string;
}

/** Undefined where it is none. */
function containerOf(root: string): Container | undefined {
  const named =
    /^https?:\/\/(?<account>[a-z0-9]+)\.blob\.(?<suffix>[^/]+)\/(?<container>[^/]+)\/?(?<prefix>.*)$/.exec(
      root,
    );
  if (named !== null) return named.groups as unknown as Container;
  if (!/^https?:/.test(root) || !URL.canParse(root) || !hasAccountInPath(new URL(root))) return undefined;
  const path = /^https?:\/\/[^/]+\/(?<account>[a-z0-9-]+)\/(?<container>[^/]+)\/?(?<prefix>.*)$/.exec(root);
  // Of an emulator, whose accounts have no hosts: what names one is said as for the cloud's.
  return path === null ? undefined : { ...(path.groups as unknown as Container), suffix: "core.windows.net" };
}

function blobPlace({ account, suffix, container, prefix = "" }: Container): TablePlace {
  const within = (folder: string): string => posix.join(prefix, folder);
  const hadoop = (folder: string): string =>
    `abfss://${container}@${account}.dfs.${suffix}/${within(folder)}`;
  return {
    kind: "blob",
    account,
    plain: (folder) => `https://${account}.blob.${suffix}/${container}/${within(folder)}`,
    hadoop,
    lake: hadoop,
    duckdb: (folder) => `az://${container}/${within(folder)}`,
    within,
  };
}
