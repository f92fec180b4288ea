import { CommitConflictError } from "../delta/unusable-log.ts";
import { parsePath } from "../layout/dataset-path.ts";
import { fileEndings } from "../layout/format.ts";
import type { Schema } from "../layout/schema.ts";
import { replacingStem } from "../layout/upkeep/upkeep-path.ts";
import type { DataFile } from "../reader/data-file.ts";
import { notReplaced, stemOf } from "../reader/listing/without-replaced.ts";
import { mapConcurrent } from "../reader/map-concurrent.ts";
import type { StoreEntry, UpkeepStore } from "../store/store.ts";
import { LoadedRows } from "./loaded-rows.ts";
import { entryOf, NewFile } from "./new-file.ts";
import { lookAgain, type PartitionFiles } from "./partition.ts";
import { tellLog } from "./table-log.ts";
import { endPlan, letGo, makePlan, type Plan, readPlan } from "./plan.ts";

/*
 * How files are replaced by one, whatever happens meanwhile:
 *
 * 1. The plan is created. It names the files and the new one. There is one at most for a partition.
 * 2. The new file is created, under a name that is a pure function of the others' names. In its footer it
 *    says which files it replaces: from now on our reader passes those by.
 * 3. It is read back and compared.
 * 4. The others are deleted, then the plan.
 *
 * Whoever finds a plan of somebody who is gone does the same from wherever it was left: each step does
 * nothing where it was done before. Who was only slow, and comes back when all that is over, finds its plan
 * gone and takes back what it has made; should it die even then, its file is among those that the present one
 * replaces.
 */

/** How files are replaced. */
export interface Replacement {
  readonly kind: Plan["kind"];
  /** The new file's name, without its ending. */
  readonly stem: string;
  /** Makes it, once nobody else can. Undefined: there is no new file, for no row is left. */
  readonly make: (() => Promise<ReplacingFile>) | undefined;
}

/** A file on this machine that replaces others once it is published. */
export interface ReplacingFile {
  /** Creates the object, reads it back, and compares it. True if this call has made it. */
  publish(store: UpkeepStore, path: string): Promise<boolean>;
  /** Takes it away from this machine. */
  remove(): Promise<void>;
}

/** The name of what is made of these files. */
export function compactedStem(files: readonly Pick<DataFile, "path">[]): string {
  return replacingStem(
    "compacted",
    files.map(({ path }) => stemOf(path)),
  );
}

/** Replaces files of a partition by one; `busy` if somebody else is at it. */
export async function replaceFiles(
  store: UpkeepStore,
  partition: PartitionFiles,
  sources: readonly DataFile[],
  { kind, stem, make }: Replacement,
): Promise<"replaced" | "busy"> {
  const { place } = partition;
  const target = make === undefined ? null : stem;
  const names = sources.map(({ path }) => stemOf(path));
  if (!(await makePlan(store, place, { kind, sources: names, target }))) return "busy";
  try {
    const present = new Set((await lookAgain(store, partition)).files.map(({ path }) => path));
    if (sources.every(({ path }) => present.has(path)))
      return await publishAndDelete(store, partition, sources, { kind, stem, make });
  } catch (thrown) {
    // Anybody can do a compaction again. That a plan stays which cannot be left costs others a wait, no more.
    if (kind === "compact") await letGo(store, place).catch(() => {});
    throw thrown;
  }
  // They were replaced before the plan was made, and after they were read.
  await endPlan(store, place);
  return "busy";
}

/** Ends what somebody has left half done. */
export async function finishPlan(
  store: UpkeepStore,
  partition: PartitionFiles,
  plan: Plan,
  folder: string,
  pins: Schema,
): Promise<void> {
  const now = await lookAgain(store, partition);
  const sources = now.files.filter(({ path }) => plan.sources.includes(stemOf(path)));
  const published = now.files.some(({ path }) => stemOf(path) === plan.target);
  if (plan.kind === "compact" && plan.target !== null && sources.length === plan.sources.length) {
    const rows = await LoadedRows.load(store, sources, pins, { all: true });
    const stem = plan.target;
    const make = (): Promise<NewFile> => NewFile.write(rows, rows.byRequest(), stem, folder);
    await publishAndDelete(store, now, sources, { kind: "compact", stem, make });
    return;
  }
  // Where one of them is gone already, the new file was found to be good.
  const isOver = plan.kind === "compact" ? published : plan.target === null;
  if (isOver) await deleteFiles(store, sources);
  // What a file of JSON lines refers to is there before the file.
  if (plan.target !== null && !published)
    await deleteAll(store, await besideOf(store, partition, plan.target));
  await withoutLeftovers(store, now, false);
  await endPlan(store, partition.place);
}

/**
 * The files that no other one replaces. The others are deleted: they are what a replacement has left that is
 * otherwise over.
 */
export async function withoutLeftovers(
  store: UpkeepStore,
  { files }: PartitionFiles,
  dryRun: boolean,
): Promise<readonly DataFile[]> {
  const kept = await notReplaced(store, files);
  if (!dryRun && kept.length < files.length)
    await deleteFiles(
      store,
      files.filter((file) => !kept.includes(file)),
    );
  return kept;
}

async function publishAndDelete(
  store: UpkeepStore,
  { place, folder }: PartitionFiles,
  sources: readonly DataFile[],
  { kind, stem, make }: Replacement,
): Promise<"replaced" | "busy"> {
  let instead: StoreEntry | undefined;
  if (make !== undefined) {
    const file = await make();
    const path = `${folder}${stem}${fileEndings[place.format]}`;
    const isOurs = await file.publish(store, path);
    await file.remove();
    if ((await readPlan(store, place))?.target !== stem) {
      if (isOurs) await deleteFiles(store, [{ path }]);
      return "busy";
    }
    instead = await entryOf(store, path);
  }
  try {
    if (place.format === "parquet") await tellLog(store, sources, instead, kind !== "compact");
  } catch (thrown) {
    if (!(thrown instanceof CommitConflictError)) throw thrown;
    // Another engine was quicker: of the table are its files now.
    if (instead !== undefined) await store.delete(instead.path);
    await endPlan(store, place);
    return "busy";
  }
  await deleteFiles(store, sources);
  await endPlan(store, place);
  return "replaced";
}

/** Deletes data files, after what is beside them: that of a file which is gone nobody would find. */
async function deleteFiles(
  store: UpkeepStore,
  files: readonly { readonly path: string; readonly etag?: string | undefined }[],
): Promise<void> {
  for (const { path } of files)
    if (path.endsWith(fileEndings.jsonl)) {
      const folder = path.slice(0, path.lastIndexOf("/") + 1);
      await deleteAll(store, await besideOf(store, { folder }, stemOf(path)));
    }
  await deleteAll(store, files);
}

/** The objects to which a file of JSON lines of this name may refer. */
async function besideOf(
  store: UpkeepStore,
  { folder }: Pick<PartitionFiles, "folder">,
  stem: string,
): Promise<readonly StoreEntry[]> {
  const found: StoreEntry[] = [];
  for await (const entry of store.list(`${folder}${stem}-`)) {
    const path = parsePath(entry.path);
    if (path?.kind === "beside" && path.stem === stem) found.push(entry);
  }
  return found;
}

const deletesAtOnce = 64;

/** Deletes files as they were listed. */
export async function deleteAll(
  store: UpkeepStore,
  files: readonly { readonly path: string; readonly etag?: string | undefined }[],
): Promise<void> {
  const deletions = mapConcurrent(files, deletesAtOnce, ({ path, etag }) => store.delete(path, { etag }));
  for await (const _ of deletions);
}
