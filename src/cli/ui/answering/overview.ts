import { version } from "../../../base/version.ts";
import type { DataFile } from "../../../reader/data-file.ts";
import type { Overview } from "../answers.ts";
import type { Asked } from "../asked.ts";

/** What there is, from one listing. */
export async function overview({ source }: Asked): Promise<Overview> {
  const { data, catalog } = source;
  const collections = new Map<string, Overview["collections"][number]>();
  for await (const file of catalog.files()) {
    const key = `${file.endpoint}/${file.deployment}/${file.collection}`;
    collections.set(key, withFile(collections.get(key), file));
  }
  return {
    root: data.root,
    version,
    collections: [...collections].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one),
    waiting: await source.waitingLines(),
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
