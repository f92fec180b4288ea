import { pathToFileURL } from "node:url";
import { posix } from "node:path";

/** Where tables are, in the spelling of each engine. */
export interface TablePlace {
  /** What comes before all tables: a secret, a data source. Empty for a folder. */
  readonly account: string | undefined;
  readonly container: string | undefined;
  /** A path of this machine, or a URL as Blob Storage has it. */
  plain(folder: string): string;
  /** As Hadoop's file systems name it: `abfss://` or `file:///`. */
  hadoop(folder: string): string;
  /** Within the container, or as {@link TablePlace.plain} for a folder. */
  within(folder: string): string;
}

/** The place of a store, by its description: a folder, or the URL of a container. */
export function placeOf(root: string): TablePlace {
  const blob =
    /^https?:\/\/(?<account>[a-z0-9]+)\.blob\.(?<suffix>[^/]+)\/(?<container>[^/]+)\/?(?<prefix>.*)$/.exec(
      root,
    )?.groups;
  if (blob !== undefined) {
    const { account, suffix, container, prefix = "" } = blob;
    const within = (folder: string): string => posix.join(prefix, folder);
    return {
      account,
      container,
      plain: (folder) => `https://${account}.blob.${suffix}/${container}/${within(folder)}`,
      hadoop: (folder) => `abfss://${container}@${account}.dfs.${suffix}/${within(folder)}`,
      within,
    };
  }
  const isUrl = /^https?:\/\//.test(root);
  const base = root.replace(/[/\\]$/, "");
  const plain = (folder: string): string => `${base}/${folder}`;
  return {
    account: undefined,
    container: undefined,
    plain,
    // `file:/x` and `file:///x` are one thing to Hadoop.
    hadoop: (folder) => (isUrl ? plain(folder) : decodeURI(pathToFileURL(plain(folder)).href)),
    within: plain,
  };
}
