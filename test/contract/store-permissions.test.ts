import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import { ObjectNotFoundError, type UpkeepStore } from "../../src/store/store.ts";
import { type Azurite, startAzurite } from "../support/azurite.ts";

let azurite: Azurite;
let all: UpkeepStore;
beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.container("signed");
  all = openWith("racwl");
  await all.put("there.json", Buffer.from("first"), { metadata: { content: "c1" } });
});
afterAll(async () => {
  await all?.close();
  await azurite?.stop();
});

function openWith(permissions: string): UpkeepStore {
  const token = azurite.sas("signed", { permissions });
  const credential = { kind: "sas", token } as const;
  return createAzureBlobStore({ accountUrl: azurite.url, container: "signed", prefix: "p", credential });
}

describe("a signature to create and to read", () => {
  test("is enough to store, to read, and to be told what is not there", async () => {
    const store = openWith("cr");
    expect(await store.put("new.json", Buffer.from("new"))).toEqual({ status: "stored" });
    expect(Buffer.from(await store.get("new.json")).toString()).toBe("new");
    await expect(store.get("absent.json")).rejects.toThrow(ObjectNotFoundError);
    await expect(store.get("absent.json", { range: { start: 0, end: 9 } })).rejects.toThrow(
      ObjectNotFoundError,
    );
    await store.close();
  });

  test("is enough to tell the same content from other content under a name that is taken", async () => {
    const store = openWith("cr");
    const put = (text: string, content: string) =>
      store.put("there.json", Buffer.from(text), { metadata: { content } });
    expect(await put("first", "c1")).toEqual({ status: "exists" });
    expect(await put("other", "c2")).toMatchObject({ status: "conflict" });
    expect(Buffer.from(await store.get("there.json")).toString()).toBe("first");
    await store.close();
  });
});

describe("a refusal is no absence, and says what is needed:", () => {
  const toCollect = /needs to create and to read blobs \(signature cr, role Storage Blob Data Contributor\)/;
  const toList = /needs to list and to read blobs \(signature lr, role Storage Blob Data Reader\)/;

  test("to store", async () => {
    const store = openWith("rl");
    const result = await store.put("refused.json", Buffer.from("x"));
    expect(result).toMatchObject({ status: "retryable", class: "configuration" });
    expect((result as { error: Error }).error.message).toMatch(toCollect);
    await expect(all.get("refused.json")).rejects.toThrow(ObjectNotFoundError);
    await store.close();
  });

  test("to read", async () => {
    const store = openWith("cw");
    const refused = {
      name: "StoreError",
      failure: "configuration",
      message: expect.stringMatching(toCollect),
    };
    await expect(store.get("there.json")).rejects.toMatchObject(refused);
    await expect(store.get("absent.json")).rejects.toMatchObject(refused);
    await store.close();
  });

  test("to delete", async () => {
    const store = openWith("rwcl");
    await expect(store.delete("there.json")).rejects.toMatchObject({
      failure: "configuration",
      message: expect.stringMatching(
        /needs to delete blobs \(signature d, role Storage Blob Data Contributor\)/,
      ),
    });
    expect(Buffer.from(await all.get("there.json")).toString()).toBe("first");
    await store.close();
  });

  test("to list", async () => {
    const store = openWith("cr");
    await expect(store.list("")[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      failure: "configuration",
      message: expect.stringMatching(toList),
    });
    await store.close();
  });
});
