import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { AzureCredential } from "../../src/store/azure/azure-credential.ts";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { createRetryingStore } from "../../src/store/retrying-store.ts";
import { systemClock } from "../../src/base/time/clock.ts";
import { type Azurite, startAzurite } from "../support/azurite.ts";
import { describeStore, type StoreFixture } from "./store.contract.ts";

describeStore("memory store", async () => {
  const store = createMemoryStore();
  return { store, twin: store, bulk: 6_000, dispose: async () => {} };
});

describeStore("folder store", async () => {
  const root = await mkdtemp(join(tmpdir(), "folder-store-"));
  return {
    store: createFolderStore({ root: join(root, "made", "later") }),
    twin: createFolderStore({ root: join(root, "made", "later") }),
    bulk: 300,
    dispose: () => rm(root, { recursive: true, force: true }),
  };
});

describeStore("folder store whose caller waits", async () => {
  const root = await mkdtemp(join(tmpdir(), "folder-store-"));
  return {
    store: createFolderStore({ root, isBrief: true }),
    twin: createFolderStore({ root, isBrief: true }),
    bulk: 300,
    dispose: () => rm(root, { recursive: true, force: true }),
  };
});

describeStore("retrying store", async () => {
  const store = createRetryingStore(createMemoryStore(), { clock: systemClock });
  return { store, twin: store, bulk: 100, dispose: async () => {} };
});

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(async () => {
  await azurite?.stop();
});

async function azureFixture(
  container: string,
  prefix: string,
  bulk: number,
  credential: () => AzureCredential,
): Promise<StoreFixture> {
  await azurite.container(container);
  const open = () =>
    createAzureBlobStore({ accountUrl: azurite.url, container, prefix, credential: credential() });
  const [store, twin] = [open(), open()];
  return {
    store,
    twin,
    bulk,
    async dispose() {
      await store.close();
      await twin.close();
    },
  };
}

describeStore("Azure blob store with an account key", () =>
  azureFixture("keyed", "", 5_100, () => ({
    kind: "connection-string",
    connectionString: azurite.connectionString,
  })),
);

describeStore("Azure blob store with a SAS, below a prefix", () =>
  azureFixture("signed", "team a/flüge/collected", 60, () => ({
    kind: "sas",
    token: `?${azurite.sas("signed", { permissions: "racwdl" })}`,
  })),
);
