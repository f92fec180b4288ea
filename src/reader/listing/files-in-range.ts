import { overlaps, type TimeRange } from "../../layout/partition.ts";
import { deltaLogName } from "../../layout/dataset-path.ts";
import { folderOf, type Store, type StoreEntry } from "../../store/store.ts";
import { mapConcurrent } from "../map-concurrent.ts";

const foldersAtOnce = 16;
const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * The objects in the folders that a range of request times overlaps, found from folder to folder: what a year
 * holds is not listed for an hour of it. Folders that tell no time are gone into. `onTable` is told of each
 * collection that has a log, before its partitions are looked at.
 */
export async function filesInRange(
  store: Store,
  {
    endpoint,
    deployment,
  }: { readonly endpoint?: string | undefined; readonly deployment?: string | undefined },
  range: TimeRange,
  onTable: (table: string) => Promise<void>,
): Promise<StoreEntry[]> {
  const found: StoreEntry[] = [];
  let level: readonly string[] = [endpoint === undefined ? "" : `${endpoint}/`];
  while (level.length > 0) {
    const next: string[] = [];
    const looked = mapConcurrent(level, foldersAtOnce, (folder) => folderOf(store, folder));
    for await (const { folders, objects } of looked) {
      for (const object of objects) found.push(object);
      for (const folder of folders) {
        if (folder.split("/", 5)[3] === deltaLogName)
          await onTable(folder.slice(0, -deltaLogName.length - 2));
        else if (isWanted(folder, deployment, range)) next.push(folder);
      }
    }
    level = next;
  }
  return found;
}

/** Whether there can be a file of the range below a folder, whose path ends in a slash. */
function isWanted(folder: string, deployment: string | undefined, range: TimeRange): boolean {
  const [, second, third, ...rest] = folder.split("/").slice(0, -1);
  if (second !== undefined && deployment !== undefined && second !== deployment) return false;
  if (third?.startsWith("_") === true || third?.startsWith(".") === true) return false;
  const span = spanOfFolders(rest);
  return span === undefined || overlaps(span, range);
}

/** The times that the folders below a collection stand for; undefined for those that tell none. */
function spanOfFolders(
  folders: readonly string[],
): { readonly start: number; readonly end: number } | undefined {
  const hive = /^inference_date=(\d{4}-\d\d-\d\d)(?:\/inference_hour=(\d\d))?/.exec(folders.join("/"));
  const azure = /^(\d{4})(?:\/(\d\d))?(?:\/(\d\d))?/.exec(folders.join("/"));
  if (hive !== null) {
    const [, date = "", hour] = hive;
    const start = Date.parse(`${date}T${hour ?? "00"}:00:00Z`);
    return spanAt(start, start + (hour === undefined ? dayMs : hourMs));
  }
  if (azure === null) return undefined;
  const [, year = "", month, day] = azure;
  const start = Date.parse(`${year}-${month ?? "01"}-${day ?? "01"}T00:00:00Z`);
  if (day !== undefined) return spanAt(start, start + dayMs);
  const end = month === undefined ? Date.UTC(Number(year) + 1, 0) : Date.UTC(Number(year), Number(month));
  return spanAt(start, end);
}

function spanAt(start: number, end: number): { readonly start: number; readonly end: number } | undefined {
  return Number.isNaN(start) || Number.isNaN(end) ? undefined : { start, end };
}
