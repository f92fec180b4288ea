import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import tls from "node:tls";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../src/store/azure-blob-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type Azurite, startAzurite } from "../support/azurite.ts";
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
    const [cert, key] = [join(folder.path, "cert.pem"), join(folder.path, "key.pem")];
    const args = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ];
    args.push(
      "-keyout",
      key,
      "-out",
      cert,
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    );
    expect(spawnSync("openssl", args).status).toBe(0);
    tls.setDefaultCACertificates([...tls.getCACertificates(), await readFile(cert, "utf8")]);
    azurite = await startAzurite({ tls: { cert, key } });
    await azurite.container("box");
    store = createAzureBlobStore({
      accountUrl: azurite.url,
      container: "box",
      prefix: "p",
      credential: {
        kind: "token",
        async getToken(scopes) {
          const token = jwt(lifetimeMs);
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
            return { token: jwt(60_000), expiresOnTimestamp: Date.now() + 60_000 };
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
    token = jwt(3_600_000);
    expect(await refused.put("c", Buffer.from("x"))).toEqual({ status: "stored" });
  });
});

/** An unsigned token of Microsoft Entra's shape. */
function jwt(lifetimeMs: number): string {
  const now = Math.floor(Date.now() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    aud: "https://storage.azure.com",
    iss: "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
    iat: now - 60,
    nbf: now - 60,
    exp: now + Math.floor(lifetimeMs / 1_000),
    oid: "c4n4ry",
  };
  return `${part({ typ: "JWT", alg: "RS256" })}.${part(claims)}.${Buffer.from("signature").toString("base64url")}`;
}
