import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAzureDatastoreStore } from "../../src/store/azure/azure-datastore-store.ts";
import { resolveAzureDatastore } from "../../src/store/azure/azure-datastore.ts";
import { type FakeAnswer, type FakeBlobServer, startFakeBlobServer } from "../support/fake-blob-server.ts";

const canary = "c4n4ryt0ken";
const reference = {
  subscriptionId: "00000000-1111-2222-3333-444444444444",
  resourceGroup: "test-rg.(eu)",
  workspace: "my-aml-workspace",
  datastore: "workspaceblobstore",
  prefix: "modelDataCollector/flights",
};
let server: FakeBlobServer;
let scopes: unknown[] = [];
const credential = {
  kind: "token",
  trustedHosts: ["acc1.blob.core.invalid"],
  async getToken(scope: string | string[]) {
    scopes.push(scope);
    return { token: canary, expiresOnTimestamp: Date.now() + 3_600_000 };
  },
} as const;

beforeAll(async () => {
  server = await startFakeBlobServer();
});
afterAll(async () => {
  await server.close();
});

const managementUrl = (): string => new URL(server.url).origin;
const resolve = (deadlineMs = 20_000) =>
  resolveAzureDatastore(reference, { credential, managementUrl: managementUrl(), deadlineMs });
/** The documented answer: https://learn.microsoft.com/rest/api/azureml/datastores/get */
const answer = (properties: Record<string, unknown>): FakeAnswer => ({
  status: 200,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify({
    id: "string",
    name: "string",
    type: "string",
    properties: {
      description: "string",
      isDefault: false,
      credentials: { credentialsType: "None" },
      ...properties,
    },
    systemData: { createdAt: "2020-01-01T12:34:56.999Z" },
  }),
});
const blobStore = {
  datastoreType: "AzureBlob",
  accountName: "acc1",
  containerName: "azureml-blobstore",
  endpoint: "core.windows.net",
  protocol: "https",
};

describe("a datastore", () => {
  test("is asked for with one request that carries a token for the management service", async () => {
    scopes = [];
    server.script(answer(blobStore));
    expect(await resolve()).toEqual({
      accountUrl: "https://acc1.blob.core.windows.net",
      container: "azureml-blobstore",
      prefix: "modelDataCollector/flights",
    });
    expect(scopes).toEqual([`${managementUrl()}/.default`]);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({
      method: "GET",
      url:
        "/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/test-rg.(eu)/providers" +
        "/Microsoft.MachineLearningServices/workspaces/my-aml-workspace/datastores/workspaceblobstore?api-version=2024-10-01",
      headers: { authorization: `Bearer ${canary}` },
    });
  });

  test("may be Data Lake Storage Gen2, in another cloud, or leave its endpoint out", async () => {
    server.script(
      answer({
        datastoreType: "AzureDataLakeGen2",
        accountName: "lake",
        filesystem: "fs-1",
        endpoint: "core.chinacloudapi.cn",
      }),
    );
    expect(await resolve()).toMatchObject({
      accountUrl: "https://lake.blob.core.chinacloudapi.cn",
      container: "fs-1",
    });
    server.script(answer({ ...blobStore, endpoint: null }));
    expect(await resolve()).toMatchObject({ accountUrl: "https://acc1.blob.core.windows.net" });
  });

  test.each<[string, FakeAnswer, string]>([
    [
      "a file share",
      answer({ datastoreType: "AzureFile", accountName: "acc1", fileShareName: "x" }),
      "configuration",
    ],
    ["an answer without account", answer({ datastoreType: "AzureBlob" }), "configuration"],
    ["a hostile account", answer({ ...blobStore, accountName: "evil.example/x?" }), "configuration"],
    ["a host that is not Azure's", answer({ ...blobStore, endpoint: "core.example.com" }), "configuration"],
    ["a hostile endpoint", answer({ ...blobStore, endpoint: "evil/../x" }), "configuration"],
    ["a hostile container", answer({ ...blobStore, containerName: "../x" }), "configuration"],
    ["no JSON", { status: 200, body: "<html>" }, "configuration"],
    ["a JSON that is no object", { status: 200, body: "5" }, "configuration"],
    [
      "an unknown workspace",
      { status: 404, body: JSON.stringify({ error: { code: "ResourceNotFound", message: "x" } }) },
      "configuration",
    ],
    [
      "no permission",
      { status: 403, body: JSON.stringify({ error: { code: "AuthorizationFailed" } }) },
      "configuration",
    ],
    ["throttling", { status: 429, headers: { "retry-after": "17" }, body: "" }, "transient"],
    ["an outage", { status: 503, body: "garbage" }, "transient"],
    ["a redirect", { status: 302, headers: { location: "http://127.0.0.1:9/" } }, "transient"],
    ["silence", () => {}, "transient"],
    ["a reset", (request) => request.socket.resetAndDestroy(), "transient"],
  ])("answered by %s is an error without secrets", async (name, given, failure) => {
    server.script(given);
    const thrown = await resolve(name === "silence" ? 300 : undefined).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: "StoreError", failure, operation: "datastore" });
    expect(inspect(thrown, { showHidden: true, depth: 9 })).not.toContain(canary);
  });

  test("is not asked for over plain http, nor with names that are none", async () => {
    const ask = (change: object, url = "https://management.azure.com") =>
      resolveAzureDatastore({ ...reference, ...change }, { credential, managementUrl: url });
    await expect(ask({}, "http://management.azure.com")).rejects.toThrow(RangeError);
    for (const workspace of ["", "..", "a/b", "a?b", "x".repeat(300)]) {
      await expect(ask({ workspace })).rejects.toThrow(RangeError);
    }
  });
});

describe("a store in a datastore", () => {
  const open = () =>
    createAzureDatastoreStore({
      ...reference,
      credential,
      managementUrl: managementUrl(),
      attemptDeadlineMs: () => 20_000,
    });

  test("answers a put like a failure to store until the workspace tells where it is, and asks again", async () => {
    server.script({ status: 503, headers: { "retry-after": "3" }, body: "" });
    const store = open();
    expect(await store.put("x", Buffer.from("x"))).toMatchObject({
      status: "retryable",
      class: "transient",
      retryAfterMs: 3_000,
    });
    await expect(store.get("x")).rejects.toMatchObject({ failure: "transient" });
    expect(server.requests).toHaveLength(2);
    server.script({ status: 403, body: "" });
    expect(await store.put("x", Buffer.from("x"))).toMatchObject({
      status: "retryable",
      class: "configuration",
    });
    await store.close();
  });

  test("asks once for many callers, then goes to the account", async () => {
    server.script(answer({ ...blobStore, endpoint: "core.invalid" }));
    const store = open();
    const results = await Promise.all(
      Array.from({ length: 5 }, (_, i) => store.put(`x${i}`, Buffer.from("x"))),
    );
    for (const result of results)
      expect(result).toMatchObject({ status: "retryable", error: { operation: "put" } });
    expect(server.requests).toHaveLength(1);
    expect(store.description).toContain("workspaceblobstore");
    expect(inspect(store, { showHidden: true, depth: 9 })).not.toContain(canary);
    await store.close();
  });

  test("needs a token", () => {
    const sas = { kind: "sas", token: `sig=${canary}` } as const;
    expect(() => createAzureDatastoreStore({ ...reference, credential: sas })).toThrow(/token credential/);
  });

  test("ends a put whose signal fires while the workspace is silent", async () => {
    server.script(() => {});
    const result = await open().put("x", Buffer.from("x"), { signal: AbortSignal.timeout(30) });
    expect(result).toMatchObject({ status: "retryable", class: "transient" });
  });
});
