import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { inspect } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import type { AzureCredential } from "../../src/store/azure/azure-credential.ts";
import type { PutResult, Store } from "../../src/store/store.ts";
import { type Azurite, azuriteKey, startAzurite } from "../support/azurite.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { bytesOf, pathsOf, streamOf } from "./store.contract.ts";

let azurite: Azurite;
let proxy: TcpProxy;
/** Through the proxy. */
let store: Store;
/** Past the proxy: what is really there. */
let direct: Store;
const canary = "c4n4ry5ecret";
/** Everything any test got to see, searched for secrets at the end. */
const seen: unknown[] = [];
const secrets = [
  canary,
  btoa(canary),
  azuriteKey,
  azuriteKey.slice(0, 20),
  "sig=",
  "AccountKey",
  "SharedKey ",
];

beforeAll(async () => {
  azurite = await startAzurite();
  await azurite.container("box");
  proxy = await startTcpProxy(azurite.port);
  const credential = sas();
  store = open(credential, { port: proxy.port });
  direct = open(credential, {});
});
afterAll(async () => {
  await store?.close();
  await proxy?.close();
  await azurite?.stop();
});
beforeEach(() => proxy.setFault(undefined));

function open(
  credential: AzureCredential,
  {
    port = azurite.port,
    deadlineMs = 5_000,
    container = "box",
  }: { port?: number; deadlineMs?: number; container?: string },
): Store {
  const accountUrl = `http://127.0.0.1:${port}/devstoreaccount1`;
  const opened = createAzureBlobStore({
    accountUrl,
    container,
    prefix: "p",
    credential,
    attemptDeadlineMs: () => deadlineMs,
  });
  seen.push(opened);
  return opened;
}

/** A signature, remembered for the search for secrets. */
function sas(options: Parameters<Azurite["sas"]>[1] = {}): AzureCredential {
  const token = azurite.sas("box", options);
  secrets.push(
    /sig=([^&]+)/.exec(token)?.[1] ?? token,
    decodeURIComponent(/sig=([^&]+)/.exec(token)?.[1] ?? token),
  );
  return { kind: "sas", token };
}

const key = (): AzureCredential => ({
  kind: "connection-string",
  connectionString: azurite.connectionString,
});

/** Puts, and keeps the answer for the search for secrets. */
async function put(
  to: Store,
  path: string,
  body: Parameters<Store["put"]>[1],
  metadata = {},
): Promise<PutResult> {
  const result = await to.put(path, body, { metadata });
  seen.push(result);
  return result;
}

const transient = { status: "retryable", class: "transient" };

describe("a lost answer", () => {
  test("is recognised by the next try, 20 times of 20, by metadata or by MD5", async () => {
    for (let i = 0; i < 20; i++) {
      const path = `lost/${i}.parquet`;
      const metadata = i % 2 ? { content: `c${i}` } : {};
      await proxy.setFault({ cutResponseAt: "201 Created" }, 1);
      const before = proxy.faults;
      expect(await put(store, path, streamOf(100_000, i), metadata)).toMatchObject(transient);
      expect(proxy.faults).toBe(before + 1);
      expect(await put(store, path, streamOf(100_000, i), metadata)).toEqual({ status: "exists" });
    }
    expect(await pathsOf(direct, "lost/")).toHaveLength(20);
  });

  test("of a look is no reason to say anything but: again", async () => {
    await put(direct, "look/x", streamOf(1_000, 1));
    await proxy.setFault({ cutResponseAt: "200 OK" });
    expect(await put(store, "look/x", streamOf(1_000, 1))).toMatchObject(transient);
    await proxy.setFault(undefined);
    expect(await put(store, "look/x", streamOf(1_000, 2))).toMatchObject({ status: "conflict" });
  });
});

describe("a cut request", () => {
  test("leaves no object, wherever it is cut", async () => {
    const size = 60_000;
    const cuts = [0, 1, 20, 200, 400, 600, 900, 1_200, 5_000, 20_000, 40_000, 59_000, size];
    for (const cut of cuts) {
      for (const reset of [true, false]) {
        const path = `cut/${cut}-${reset}.parquet`;
        await proxy.setFault({ cutRequestAfterBytes: cut, reset });
        const before = proxy.faults;
        expect(await put(store, path, streamOf(size, cut)), path).toMatchObject(transient);
        expect(proxy.faults).toBeGreaterThan(before);
      }
    }
    expect(await pathsOf(direct, "cut/")).toEqual([]);
    await proxy.setFault(undefined);
    expect(await put(store, "cut/59000-true.parquet", streamOf(size, 1))).toEqual({ status: "stored" });
  });
});

describe("a slow or silent line", () => {
  test("ends at the deadline, and what was stored is found", async () => {
    const impatient = open(key(), { port: proxy.port, deadlineMs: 400 });
    await proxy.setFault({ silent: true });
    const late = { ...transient, error: { message: expect.stringContaining("400 ms") } };
    expect(await put(impatient, "silent/x", streamOf(1_000, 1))).toMatchObject(late);
    await proxy.setFault({ dripMs: 50 });
    expect(await put(impatient, "silent/x", streamOf(1_000, 1))).toMatchObject(late);
    await proxy.setFault(undefined);
    expect(await put(impatient, "silent/x", streamOf(1_000, 1))).toEqual({ status: "exists" });
  });

  test("a paused server, and a stopped one, are waited for", async () => {
    const impatient = open(key(), { deadlineMs: 400 });
    azurite.pause();
    expect(await put(impatient, "paused/x", streamOf(1_000, 1))).toMatchObject(transient);
    azurite.resume();
    expect(["stored", "exists"]).toContain((await put(direct, "paused/x", streamOf(1_000, 1))).status);

    await azurite.halt();
    expect(await put(direct, "paused/y", streamOf(1_000, 1))).toMatchObject({
      ...transient,
      error: { code: "ECONNREFUSED" },
    });
    await azurite.start();
    expect(await put(direct, "paused/y", streamOf(1_000, 1))).toEqual({ status: "stored" });
  });

  test("a cut download is an error, never a shorter object", async () => {
    const body = streamOf(200_000, 5);
    await put(direct, "download/x", body);
    for (const limit of [0, 10, 300, 700, 50_000, 199_000]) {
      await proxy.setFault({ cutResponseAfterBytes: limit });
      const thrown = await store.get("download/x").catch((error: unknown) => error);
      expect(thrown).toMatchObject({ name: "StoreError", failure: "transient" });
      seen.push(thrown);
    }
    await proxy.setFault(undefined);
    expect(Buffer.from(await store.get("download/x")).equals(await bytesOf(body))).toBe(true);
  });
});

describe("credentials", () => {
  const configuration = { status: "retryable", class: "configuration" };

  test("an expired SAS, a SAS for too little and a wrong key wait for somebody", async () => {
    const expired = {
      startsOn: new Date(Date.now() - 7_200_000),
      expiresOn: new Date(Date.now() - 3_600_000),
    };
    const credentials: AzureCredential[] = [
      sas(expired),
      sas({ permissions: "rl" }),
      { kind: "sas", token: azurite.sas("box").replace(/sig=[^&]+/, `sig=${canary}`) },
      {
        kind: "connection-string",
        connectionString: azurite.connectionString.replace(azuriteKey, btoa(canary.repeat(5))),
      },
    ];
    for (const credential of credentials) {
      const refused = open(credential, {});
      expect(await put(refused, "refused/x", streamOf(100, 1))).toMatchObject({
        ...configuration,
        error: { statusCode: 403 },
      });
      seen.push(await refused.get("refused/x").catch((error: unknown) => error));
    }
    expect(await pathsOf(direct, "refused/")).toEqual([]);
  });

  test("a container that is not there waits for somebody, and nothing creates it", async () => {
    const lost = open(key(), { container: "nowhere" });
    expect(await put(lost, "x", streamOf(100, 1))).toMatchObject({
      ...configuration,
      error: { code: "ContainerNotFound", message: expect.stringContaining("create it") },
    });
    const client = await azurite.container("nowhere");
    expect(await put(lost, "x", streamOf(100, 1))).toEqual({ status: "stored" });
    await client.delete();
  });

  test("a token that never comes ends at the deadline, again and again, and heals", async () => {
    let mode: "hang" | "reject" | "empty" = "hang";
    const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const getToken = (): Promise<{ token: string; expiresOnTimestamp: number } | null> => {
      if (mode === "hang") return new Promise(() => {});
      if (mode === "reject") return Promise.reject(new Error(`login failed for ${canary}`));
      return Promise.resolve(null);
    };
    const stuck = createAzureBlobStore({
      accountUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      container: "box",
      prefix: "",
      credential: { kind: "token", getToken },
      attemptDeadlineMs: () => 300,
    });
    seen.push(stuck);
    expect(await put(stuck, "x", streamOf(10, 1))).toMatchObject(transient);
    expect(await put(stuck, "x", streamOf(10, 1))).toMatchObject(transient);
    // The same store: the library must not go on waiting for the token that never came.
    mode = "reject";
    expect(await put(stuck, "x", streamOf(10, 1))).toMatchObject({
      ...configuration,
      error: { operation: "token" },
    });
    mode = "empty";
    expect(await put(stuck, "x", streamOf(10, 1))).toMatchObject(configuration);
    await stuck.close();
    server.close();
    await once(server, "close");
  });
});

describe("requests that would leave the destination", () => {
  test("are never sent: a foreign container stays empty", async () => {
    const other = await azurite.container("other");
    for (const path of [
      "../../other/x",
      "..%2f..%2fother/x",
      "%2e%2e/%2e%2e/other/x",
      "a/../../../other/x",
      "..\\other\\x",
    ]) {
      const thrown = await direct.put(path, streamOf(10, 1)).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(RangeError);
      seen.push(thrown);
    }
    const blobs = [];
    for await (const blob of other.listBlobsFlat()) blobs.push(blob.name);
    expect(blobs).toEqual([]);
    await other.delete();
  });
});

test("nothing anybody got to see holds a key, a signature or a token", async () => {
  expect(seen.length).toBeGreaterThan(60);
  const text = seen
    .map((value) => {
      const error = (value as { error?: unknown }).error ?? value;
      return [
        inspect(value, { depth: 12, showHidden: true, getters: true }),
        String(value),
        JSON.stringify(value),
        error instanceof Error ? `${error.stack} ${String(error.cause)} ${JSON.stringify({ ...error })}` : "",
      ].join("\n");
    })
    .join("\n");
  expect(text).toContain("StoreError");
  expect(secrets.length).toBeGreaterThan(10);
  for (const secret of secrets) {
    expect(text.includes(secret), `a secret that begins with ${secret.slice(0, 4)}`).toBe(false);
  }
});
