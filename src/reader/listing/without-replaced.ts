import { fileNotes } from "../../codec/parquet/file-notes.ts";
import { replacedByLines } from "../../codec/jsonl/replacing-lines.ts";
import { readParquetInfo } from "../../codec/parquet/parquet-decoder.ts";
import { isReplacingStem, marksIn, replacedMark } from "../../layout/upkeep/upkeep-path.ts";
import type { Store } from "../../store/store.ts";
import { type DataFile } from "../data-file.ts";
import { openStoredFile } from "../stored-file.ts";
import { reasonOf } from "../unreadable.ts";

/**
 * The files, which come in path order, without those that another file of their folder replaces: while files
 * are compacted both are there for a moment, and their rows are to be seen once. A file that replaces others
 * is asked for them only where it is not alone.
 */
export async function* withoutReplaced(
  store: Store,
  files: AsyncIterable<DataFile>,
): AsyncGenerator<DataFile, void, undefined> {
  let folder = "";
  let together: DataFile[] = [];
  for await (const file of files) {
    const own = file.path.slice(0, file.path.lastIndexOf("/") + 1);
    if (own !== folder) {
      yield* await notReplaced(store, together);
      folder = own;
      together = [];
    }
    together.push(file);
  }
  yield* await notReplaced(store, together);
}

/** Those of one folder that no other one of these replaces. */
export async function notReplaced(store: Store, files: readonly DataFile[]): Promise<readonly DataFile[]> {
  if (files.length < 2) return files;
  const marks = new Set<string>();
  for (const file of files)
    if (isReplacingStem(stemOf(file.path))) for (const mark of await marksOf(store, file)) marks.add(mark);
  return marks.size === 0 ? files : files.filter(({ path }) => !marks.has(replacedMark(stemOf(path))));
}

/**
 * The marks of the files that one replaces; none if it cannot be read, which whoever reads its rows is
 * told.
 */
async function marksOf(store: Store, file: DataFile): Promise<Iterable<string>> {
  const stored = openStoredFile(store, file);
  try {
    if (file.format === "jsonl") return marksIn(await replacedByLines(stored.source));
    const { keyValues } = await readParquetInfo(stored.source);
    return marksIn(keyValues[fileNotes.replaces] ?? "");
  } catch (thrown) {
    reasonOf(stored.explain(thrown));
    return [];
  }
}

/** The name of a file without its folder and ending. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
}
