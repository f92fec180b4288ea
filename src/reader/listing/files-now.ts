import { folderOf, type Store } from "../../store/store.ts";
import { type DataFile, parseDataFile } from "../data-file.ts";
import { notReplaced } from "./without-replaced.ts";

/** The folder of a file, which is its partition; ends in a slash. */
export function partitionFolder({ path }: Pick<DataFile, "path">): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The files of a partition as they are now, those of another format left out, in path order. */
export async function filesNow(store: Store, file: DataFile): Promise<readonly DataFile[]> {
  const { objects } = await folderOf(store, partitionFolder(file));
  const files = objects.map(parseDataFile).filter((one) => one !== undefined);
  return await notReplaced(
    store,
    files.filter(({ format }) => format === file.format),
  );
}
