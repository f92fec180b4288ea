import { folderOf, type Store } from "../../store/store.ts";
import { type DataFile, parseDataFile } from "../data-file.ts";
import { TableFiles } from "./table-files.ts";
import { notReplaced } from "./without-replaced.ts";

/** The folder of a file, which is its partition; ends in a slash. */
export function partitionFolder({ path }: Pick<DataFile, "path">): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The files of a partition as they are now, those of another format left out, in path order. */
export async function filesNow(store: Store, file: DataFile): Promise<readonly DataFile[]> {
  const tables = new TableFiles(store);
  await tables.look(`${file.endpoint}/${file.deployment}/${file.collection}`);
  const { objects } = await folderOf(store, partitionFolder(file));
  const files: DataFile[] = [];
  for (const one of objects.map(parseDataFile))
    if (one?.format === file.format && (await tables.counts(one))) files.push(one);
  return await notReplaced(store, files);
}
