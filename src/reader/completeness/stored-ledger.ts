import { countOf } from "../../base/plural.ts";
import { type LedgerEntry, parseEntries } from "../../layout/ledger-entry.ts";
import { type CountsSum, LedgerSums, settle } from "../../layout/ledger-sums.ts";
import type { StoreEntry } from "../../store/store.ts";
import type { Catalog } from "../catalog.ts";
import { toldObjects } from "../listing/told-objects.ts";
import { mapConcurrent } from "../map-concurrent.ts";
import type { UnreadableFile } from "../unreadable.ts";
import { ToldProcess } from "./told-processes.ts";

/** All that was told of one deployment's frames. */
export interface StoredLedger {
  readonly endpoint: string;
  readonly deployment: string;
  /** When the first process that it knows of had begun: of what was before nobody has told. */
  readonly since: number;
  readonly counts: readonly CountsSum[];
  /** By instance. */
  readonly processes: ReadonlyMap<string, ToldProcess>;
}

const objectsAtOnce = 16;
/** What is told of an hour can have been begun before it: by a day if partitions are days. */
const earlierMs = 2 * 86_400_000;

/**
 * Reads the ledgers of a catalog, but for what was told long before `from`. `onUnreadable` is told of each
 * object with lines that are damaged; the others of it count.
 */
export async function readLedgers(
  catalog: Catalog,
  from: number,
  onUnreadable?: (file: UnreadableFile) => void,
): Promise<readonly StoredLedger[]> {
  const { store } = catalog;
  const objects: StoreEntry[] = [];
  const begun = new Map<string, number>();
  for (const { entry, begunAt } of await toldObjects(catalog, "ledger", -Infinity)) {
    const place = placeOf(entry.path);
    begun.set(place, Math.min(begunAt, begun.get(place) ?? Infinity));
    if (begunAt >= from - earlierMs) objects.push(entry);
  }
  const decoder = new TextDecoder();
  const read = async ({ path, etag }: StoreEntry): Promise<{ path: string; entries: LedgerEntry[] }> => {
    const damaged: number[] = [];
    const text = decoder.decode(await store.get(path, { etag }));
    const entries = [...parseEntries(text, (line) => damaged.push(line))];
    const [first] = damaged;
    if (first !== undefined) {
      const others = damaged.length === 1 ? "" : `, nor ${countOf(damaged.length - 1, "other")}`;
      onUnreadable?.({ path, reason: `line ${first} is no entry of a ledger${others}` });
    }
    return { path, entries };
  };
  const byPlace = new Map(Array.from(begun.keys(), (place) => [place, new LedgerSums()]));
  for await (const { path, entries } of mapConcurrent(objects, objectsAtOnce, read)) {
    const sums = byPlace.get(placeOf(path));
    for (const entry of entries) sums?.add(entry);
  }
  return Array.from(byPlace, ([place, sums]) => {
    const [endpoint = "", deployment = ""] = place.split("/");
    const counts = [...sums.counts];
    const found = new Set(
      counts.filter(({ files, lost }) => files.size + lost.size > 0).map((sum) => sum.instance),
    );
    for (const sum of counts) settle(sum);
    const told = Array.from(
      sums.processes,
      ([instance, entries]) => [instance, new ToldProcess(entries, found.has(instance))] as const,
    );
    const since = begun.get(place) ?? Infinity;
    return { endpoint, deployment, since, counts, processes: new Map(told) };
  });
}

function placeOf(path: string): string {
  return path.split("/", 2).join("/");
}
