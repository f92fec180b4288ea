import { version } from "../../../base/version.ts";
import type { DataFile } from "../../../reader/data-file.ts";
import type { OnUnusable } from "../../../reader/listing/table-files.ts";
import { reasonOf } from "../../../reader/unreadable.ts";
import type { Overview } from "../answers.ts";
import { type Asked, BadFileList } from "../asked.ts";

/** What there is, from one listing; of a Delta table whose log cannot be used, all files. */
export async function overview({ source }: Asked): Promise<Overview> {
  const { data, catalog } = source;
  const collections = new Map<string, Overview["collections"][number]>();
  const bad = new BadFileList();
  const add = (file: DataFile): void => {
    const key = `${file.endpoint}/${file.deployment}/${file.collection}`;
    collections.set(key, withFile(collections.get(key), file));
  };
  const onUnusable: OnUnusable = (log, thrown, file) => {
    bad.add({ path: log, reason: reasonOf(thrown) });
    add(file);
  };
  for await (const file of catalog.files({ onUnusable })) add(file);
  return {
    root: data.root,
    version,
    collections: [...collections].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one),
    waiting: await source.waitingLines(),
    unreadable: bad.told,
  };
}

function withFile(
  before: Overview["collections"][number] | undefined,
  { endpoint, deployment, collection, format, size, start, end }: DataFile,
): Overview["collections"][number] {
  return {
    ...{ endpoint, deployment, collection, format },
    files: (before?.files ?? 0) + 1,
    bytes: (before?.bytes ?? 0) + size,
    from: Math.min(before?.from ?? start, start),
    to: Math.max(before?.to ?? end, end),
  };
}
