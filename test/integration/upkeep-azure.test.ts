import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parseWhere } from "../../src/layout/filter/where.ts";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import { compact } from "../../src/upkeep/compact.ts";
import { erase } from "../../src/upkeep/erase.ts";
import { purge } from "../../src/upkeep/purge.ts";
import { startAzurite } from "../support/azurite.ts";
import { duckdbCollection } from "../support/parquet-engines.ts";
import { tempFolder } from "../support/temp-folder.ts";
import { folderOf, hour, pin, smallParts, storePart } from "../unit/upkeep/stored-tree.ts";

const now = hour + 100 * 86_400_000;

test("in Azure files are compacted, old partitions purged, and somebody's rows erased", async () => {
  await using azurite = await startAzurite();
  const container = await azurite.container("upkeep");
  const token = `?${azurite.sas("upkeep", { permissions: "racwdl" })}`;
  const credential = { kind: "sas", token } as const;
  const store = createAzureBlobStore({
    accountUrl: azurite.url,
    container: "upkeep",
    prefix: "some/prefix",
    credential,
  });
  const parts = smallParts(4, 6);
  await pin(store, parts);
  for (const part of parts) await storePart(store, part);
  await storePart(store, { ...parts[0]!, seed: 9, collection: "request" });

  /** The names of data files in the container, and the rows that DuckDB reads of a collection of them. */
  async function seen(collection: string): Promise<{ names: string[]; rows: Record<string, unknown>[] }> {
    const folder = await tempFolder();
    const names: string[] = [];
    for await (const { name } of container.listBlobsFlat({
      prefix: `some/prefix/${folderOf(collection)}/`,
    })) {
      const path = join(folder, name.slice("some/prefix/".length));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, await container.getBlobClient(name).downloadToBuffer());
      names.push(name);
    }
    return { names, rows: names.length === 0 ? [] : await duckdbCollection(folder, collection) };
  }

  const { rows: before } = await seen("model_inputs");
  expect(await compact(store, { now, olderThanMs: 3_600_000 })).toMatchObject([
    { status: "compacted", filesBefore: 4, filesAfter: 1, rows: 24 },
  ]);
  const compacted = await seen("model_inputs");
  expect(compacted.names).toEqual([expect.stringContaining("/compacted-")]);
  expect(compacted.rows).toEqual(before);

  const purged = await purge(store, { now, olderThanMs: 90 * 86_400_000, collections: ["request"] });
  expect(purged).toMatchObject([{ collection: "request", partitions: 1, busy: 0 }]);
  expect((await seen("request")).names).toEqual([]);

  const filter = parseWhere({ distance: 2_003 }, "where");
  expect(await erase(store, { filter, asked: "distance=2003", key: "k", now })).toMatchObject([
    { status: "erased", rows: 1 },
  ]);
  const erased = await seen("model_inputs");
  expect(erased.names).toEqual([expect.stringContaining("/rewritten-")]);
  expect(erased.rows).toEqual(before.filter((row) => row["distance"] !== 2_003));
  expect(erased.rows).toHaveLength(23);
  await store.close();
});
