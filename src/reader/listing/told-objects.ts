import { ledgerName, parsePath, pathPrefix, profileName } from "../../layout/dataset-path.ts";
import { folderOf, type StoreEntry } from "../../store/store.ts";
import type { Catalog } from "../catalog.ts";
import { mapConcurrent } from "../map-concurrent.ts";

/** An object of a stored ledger, or of stored profiles. */
export interface ToldObject {
  readonly entry: StoreEntry;
  /** When it was begun; of a day's merged profiles the day's start. */
  readonly begunAt: number;
  /** Its name without the ending. */
  readonly stem: string;
}

/** So many objects are listed, of whatever kind, before the folders of one kind are looked for. */
const maxPlainObjects = 2_000;
const foldersAtOnce = 16;

/**
 * The objects of a catalog's ledgers, or of its profiles, but for those begun before `from`. Where much else
 * is stored, that is not listed for them.
 */
export async function toldObjects(
  { store, scope }: Pick<Catalog, "store" | "scope">,
  kind: "ledger" | "profile",
  from: number,
): Promise<ToldObject[]> {
  const { endpoint, deployment } = scope;
  const found: ToldObject[] = [];
  const add = (entry: StoreEntry): void => {
    const stored = parsePath(entry.path);
    if (stored?.kind !== kind || stored.begunAt < from) return;
    if (deployment !== undefined && stored.deployment !== deployment) return;
    found.push({ entry, begunAt: stored.begunAt, stem: stored.stem });
  };
  let listed = 0;
  for await (const entry of store.list(pathPrefix(endpoint, deployment))) {
    if (++listed > maxPlainObjects) break;
    add(entry);
  }
  if (listed <= maxPlainObjects) return found;
  found.length = 0;
  const name = kind === "ledger" ? ledgerName : profileName;
  const firstDay = new Date(Math.max(from, 0)).toISOString().slice(0, 10);
  const below = async (folders: readonly string[]): Promise<string[]> => {
    const next: string[] = [];
    const looked = mapConcurrent(folders, foldersAtOnce, (folder) => folderOf(store, folder));
    for await (const one of looked) next.push(...one.folders);
    return next;
  };
  const endpoints = endpoint === undefined ? await below([""]) : [`${endpoint}/`];
  const deployments = deployment === undefined ? await below(endpoints) : [`${endpoint}/${deployment}/`];
  const days = (await below(deployments.map((folder) => `${folder}${name}/`))).filter(
    (folder) => (folder.split("/").at(-2) ?? "") >= firstDay,
  );
  for await (const { objects } of mapConcurrent(days, foldersAtOnce, (folder) => folderOf(store, folder)))
    for (const entry of objects) add(entry);
  return found;
}
