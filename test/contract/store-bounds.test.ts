import type { IncomingMessage, ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import { resolveAzureDatastore } from "../../src/store/azure/azure-datastore.ts";
import { findMachineCredential } from "../../src/store/azure/azure-machine-credential.ts";
import type { Store, StoreEntry } from "../../src/store/store.ts";
import { azuriteKey } from "../support/azurite.ts";
import { type FakeAnswer, type FakeBlobServer, startFakeBlobServer } from "../support/fake-blob-server.ts";

/** Whatever answers in the service's place, it neither fills the memory nor keeps anybody busy for ever. */

let server: FakeBlobServer;
let store: Store;
beforeAll(async () => {
  server = await startFakeBlobServer();
  const connectionString = `AccountName=account;AccountKey=${azuriteKey}`;
  store = createAzureBlobStore({
    accountUrl: server.url,
    container: "box",
    prefix: "p",
    credential: { kind: "connection-string", connectionString },
    attemptDeadlineMs: () => 20_000,
  });
});
afterAll(async () => {
  await store.close();
  await server.close();
});

const chunk = Buffer.alloc(1_000_000, 32);

/** Answers with bytes for as long as anybody reads them; `sent` counts them, `closed` is when nobody does. */
function endless(status: number): { answer: FakeAnswer; sent(): number; closed: Promise<void> } {
  let sent = 0;
  let resolve = (): void => {};
  const closed = new Promise<void>((done) => {
    resolve = done;
  });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    request.socket.once("close", () => resolve());
    response.writeHead(status, { "content-type": "application/xml", etag: '"1"' });
    const more = (): void => {
      while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      sent += chunk.length;
    };
    response.on("drain", more);
    more();
  };
  return { answer, sent: () => sent, closed };
}

async function entriesOf(signal?: AbortSignal): Promise<StoreEntry[]> {
  const entries: StoreEntry[] = [];
  for await (const entry of store.list("", signal ? { signal } : {})) entries.push(entry);
  return entries;
}

describe("an answer without end is cut off, and told:", () => {
  test.each<[string, number, () => Promise<unknown>, string]>([
    ["a page of a listing", 200, () => entriesOf(), "transient"],
    ["an error to a listing", 403, () => entriesOf(), "configuration"],
    ["an error to a read", 503, () => store.get("a"), "transient"],
    ["an object of no known size", 200, () => store.get("a"), "transient"],
    ["an error to a put", 403, () => failureOf(store.put("a", Buffer.from("x"))), "configuration"],
    ["what should be a created object", 201, () => failureOf(store.put("a", Buffer.from("x"))), "transient"],
  ])("%s", async (_, status, call, failure) => {
    const { answer, sent, closed } = endless(status);
    server.script(answer);
    await expect(call()).rejects.toMatchObject({ name: "StoreError", failure });
    await closed;
    // What the limit allows, and what two sockets hold.
    expect(sent()).toBeLessThan(40_000_000);
  });
});

async function failureOf(result: ReturnType<Store["put"]>): Promise<unknown> {
  const answer = await result;
  if ("error" in answer) throw answer.error;
  return answer;
}

describe("a listing that does not end is given up", () => {
  const page = (next: string, ...names: string[]): FakeAnswer => ({
    status: 200,
    headers: { "content-type": "application/xml" },
    body:
      `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="box"><Blobs>${names.map(blob).join("")}` +
      `</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
  });
  const blob = (name: string): string =>
    `<Blob><Name>p/${name}</Name><Properties><Last-Modified>Sun, 22 Nov 2026 05:00:00 GMT</Last-Modified><Etag>1</Etag>` +
    "<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>";
  const paged = (make: (n: number) => Exclude<FakeAnswer, () => void>): FakeAnswer => {
    let n = 0;
    return (request, response) => {
      const { status, headers, body } = make(n++) as { status: number; headers: object; body: string };
      request.resume();
      response.writeHead(status, { ...headers }).end(body);
    };
  };
  const withoutEnd = { name: "StoreError", failure: "transient", message: expect.stringMatching(/no end/) };

  test("where the same place to go on is named again", async () => {
    server.script(page("again", "a"), page("again", "b"));
    await expect(entriesOf()).rejects.toMatchObject(withoutEnd);
    expect(server.requests).toHaveLength(2);
  });

  test("where places alternate", async () => {
    server.script(paged((n) => page(n % 2 ? "odd" : "even", `f${n}`)));
    await expect(entriesOf()).rejects.toMatchObject(withoutEnd);
    expect(server.requests.length).toBeLessThan(5);
  });

  test("where the same page comes under new places", async () => {
    server.script(paged((n) => page(`place-${n}`, "a", "b")));
    await expect(entriesOf()).rejects.toMatchObject(withoutEnd);
    expect(server.requests).toHaveLength(2);
  });

  test("and asked on less and less often where pages are empty, until the caller has enough", async () => {
    server.script(paged((n) => page(`place-${n}`)));
    await expect(entriesOf(AbortSignal.timeout(1_500))).rejects.toMatchObject({ name: "TimeoutError" });
    expect(server.requests.length).toBeGreaterThan(10);
    expect(server.requests.length).toBeLessThan(60);
  });

  test("but empty pages before the end are none", async () => {
    server.script(page("1"), page("2"), page("3", "a"), page("4"), page("", "b"));
    expect((await entriesOf()).map((entry) => entry.path)).toEqual(["a", "b"]);
  });
});

test.each([301, 302, 303, 307, 308])("a redirect (%i) is not followed", async (status) => {
  const location = `${server.url}/elsewhere/x`;
  for (const call of [
    () => store.get("a"),
    () => entriesOf(),
    () => failureOf(store.put("a", Buffer.from("x"))),
  ]) {
    server.script({ status, headers: { location } }, { status: 200 });
    await expect(call()).rejects.toMatchObject({
      name: "StoreError",
      failure: "transient",
      statusCode: status,
    });
    expect(server.requests).toHaveLength(1);
  }
});

describe("whoever says where a datastore is", () => {
  const reference = {
    subscriptionId: "00000000-1111-2222-3333-444444444444",
    resourceGroup: "group",
    workspace: "workspace",
    datastore: "store",
    prefix: "",
  };
  const credential = {
    getToken: async () => ({ token: "t", expiresOnTimestamp: Date.now() + 3_600_000 }),
  };
  const resolve = (deadlineMs: number) =>
    resolveAzureDatastore(reference, { credential, managementUrl: new URL(server.url).origin, deadlineMs });

  test.each([
    [200, "transient"],
    [403, "configuration"],
  ])("is not listened to without end (%i)", async (status, failure) => {
    const { answer, sent, closed } = endless(status);
    server.script(answer);
    await expect(resolve(20_000)).rejects.toMatchObject({ name: "StoreError", failure });
    await closed;
    expect(sent()).toBeLessThan(24_000_000);
  });

  test("is not waited for without end", async () => {
    server.script((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 20);
      response.on("close", () => clearInterval(timer));
    });
    await expect(resolve(300)).rejects.toMatchObject({ name: "StoreError", failure: "transient" });
  });
});

describe("the machine's token service", () => {
  const names = ["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS"] as const;
  const before = names.map((name) => process.env[name]);
  afterEach(() => {
    for (const [i, name] of names.entries()) {
      const value = before[i];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  /** The endpoint of App Service. Tokens are kept for each scope, for the whole process. */
  const ask = async (scope: string): Promise<unknown> => {
    process.env["IDENTITY_ENDPOINT"] = `${new URL(server.url).origin}/msi/token`;
    process.env["IDENTITY_HEADER"] = "header";
    process.env["AZURE_TOKEN_CREDENTIALS"] = "ManagedIdentityCredential";
    return await (await findMachineCredential(null)).getToken(scope);
  };

  test("gives a token", async () => {
    const expires = Math.floor(Date.now() / 1_000) + 3_600;
    server.script({
      status: 200,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        access_token: "a token",
        expires_on: String(expires),
        resource: "https://storage.azure.com",
        token_type: "Bearer",
      }),
    });
    expect(await ask("https://storage.azure.com/.default")).toMatchObject({
      token: "a token",
      expiresOnTimestamp: expires * 1_000,
    });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.url).toContain("resource=https%3A%2F%2Fstorage.azure.com");
  });

  test("is not listened to without end", async () => {
    const { answer, sent, closed } = endless(200);
    server.script(answer);
    await expect(ask("https://two.test/.default")).rejects.toThrow();
    await closed;
    expect(sent()).toBeLessThan(100_000_000);
  });

  test("redirects nobody", async () => {
    server.script({ status: 302, headers: { location: `${server.url}/elsewhere` } }, { status: 200 });
    await expect(ask("https://three.test/.default")).rejects.toThrow();
    expect(server.requests.some(({ url }) => url.includes("elsewhere"))).toBe(false);
  });
});
