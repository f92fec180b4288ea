import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import tls from "node:tls";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type Azurite, startAzurite } from "../support/azurite.ts";
import { bearerToken, makeCertificate } from "../support/bearer-token.ts";
import { disposableFolder } from "../support/temp-folder.ts";

/** Bearer tokens need https, https needs a certificate, and trusting it at run time needs a recent Node. */
const possible = "setDefaultCACertificates" in tls && spawnSync("openssl", ["version"]).status === 0;

describe.skipIf(!possible)("with bearer tokens", () => {
  let azurite: Azurite;
  let folder: Awaited<ReturnType<typeof disposableFolder>>;
  let given: string[] = [];
  const lifetimeMs = 3_600_000;
  let store: Store;

  beforeAll(async () => {
    folder = await disposableFolder();
    const certificate = makeCertificate(folder.path);
    if (certificate === undefined) throw new Error("openssl made no certificate");
    tls.setDefaultCACertificates([...tls.getCACertificates(), await readFile(certificate.cert, "utf8")]);
    azurite = await startAzurite({ tls: certificate });
    await azurite.container("box");
    store = createAzureBlobStore({
      accountUrl: azurite.url,
      container: "box",
      prefix: "p",
      credential: {
        kind: "token",
        async getToken(scopes) {
          const token = bearerToken(lifetimeMs, "c4n4ry");
          given.push(`${String(scopes)} ${token}`);
          return { token, expiresOnTimestamp: Date.now() + lifetimeMs };
        },
      },
    });
  });
  afterAll(async () => {
    await store?.close();
    await azurite?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  test("stores, finds, reads and lists, asking for one token for storage", async () => {
    given = [];
    expect(await store.put("a/x", Buffer.from("x"))).toEqual({ status: "stored" });
    expect(await store.put("a/x", Buffer.from("x"))).toEqual({ status: "exists" });
    expect((await store.put("a/x", Buffer.from("y"))).status).toBe("conflict");
    expect(Buffer.from(await store.get("a/x")).toString()).toBe("x");
    const paths = [];
    for await (const { path } of store.list("")) paths.push(path);
    expect(paths).toEqual(["a/x"]);
    expect(given).toEqual([expect.stringMatching(/^https:\/\/storage\.azure\.com\/\.default /)]);
    expect(inspect(store, { showHidden: true, depth: 9 })).not.toContain(given[0]?.split(" ")[1]);
  });

  test("asks for a new token when the old one is about to end", async () => {
    const open = () =>
      createAzureBlobStore({
        accountUrl: azurite.url,
        container: "box",
        prefix: "p",
        credential: {
          kind: "token",
          async getToken() {
            given.push("asked");
            return { token: bearerToken(60_000, "c4n4ry"), expiresOnTimestamp: Date.now() + 60_000 };
          },
        },
      });
    given = [];
    const fresh = open();
    for (let i = 0; i < 3; i++) await fresh.put(`b/${i}`, Buffer.from("x"));
    expect(given).toEqual(["asked", "asked", "asked"]);
  });

  test("that the service refuses waits for somebody, then asks for another", async () => {
    let token = "not.a.token";
    const refused = createAzureBlobStore({
      accountUrl: azurite.url,
      container: "box",
      prefix: "p",
      credential: {
        kind: "token",
        getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
      },
    });
    const result = await refused.put("c", Buffer.from("x"));
    expect(result).toMatchObject({ status: "retryable", class: "configuration" });
    expect(inspect(result, { showHidden: true, depth: 9 })).not.toContain(token);
    token = bearerToken(3_600_000, "c4n4ry");
    expect(await refused.put("c", Buffer.from("x"))).toEqual({ status: "stored" });
  });
});
