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
  /** The rows of it. With none there is no file. */
  readonly order: Uint32Array;
  /** For what is temporary. */
  readonly folder: string;
}

/** The name of what is made of these files. */
export function compactedStem(files: readonly Pick<DataFile, "path">[]): string {
  return replacingStem(
    "compacted",
    files.map(({ path }) => stemOf(path)),
  );
}

/** Replaces files of a partition by the rows of them that were loaded; `busy` if somebody else is at it. */
export async function replaceFiles(
  store: UpkeepStore,
  partition: PartitionFiles,
  sources: readonly DataFile[],
  rows: LoadedRows,
  { kind, stem, order, folder }: Replacement,
): Promise<"replaced" | "busy"> {
  const { place } = partition;
  const names = sources.map(({ path }) => stemOf(path));
  if (!(await makePlan(store, place, { kind, sources: names, target: stem }))) return "busy";
  try {
    const present = new Set((await lookAgain(store, partition)).files.map(({ path }) => path));
    if (sources.every(({ path }) => present.has(path)))
      return await publishAndDelete(store, partition, sources, rows, { kind, stem, order, folder });
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
    const order = rows.byRequest();
    await publishAndDelete(store, now, sources, rows, { kind: "compact", stem: plan.target, order, folder });
    return;
  }
  // Where one of them is gone already, the new file was found to be good.
  if (plan.kind === "compact" && published) await deleteAll(store, sources);
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
    await deleteAll(
      store,
      files.filter((file) => !kept.includes(file)),
    );
  return kept;
}

async function publishAndDelete(
  store: UpkeepStore,
  { place, folder: at }: PartitionFiles,
  sources: readonly DataFile[],
  rows: LoadedRows,
  { kind, stem, order, folder }: Replacement,
): Promise<"replaced" | "busy"> {
  let instead: StoreEntry | undefined;
  if (order.length > 0) {
    const file = await NewFile.write(rows, order, stem, folder);
    const path = `${at}${stem}.parquet`;
    const isOurs = await file.publish(store, path);
    await file.remove();
    if ((await readPlan(store, place))?.target !== stem) {
      if (isOurs) await store.delete(path);
      return "busy";
    }
    instead = await entryOf(store, path);
  }
  await tellLog(store, sources, instead, kind !== "compact");
  await deleteAll(store, sources);
  await endPlan(store, place);
  return "replaced";
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
