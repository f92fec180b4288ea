import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAzureBlobStore } from "../../src/store/azure/azure-blob-store.ts";
import { ObjectNotFoundError, type PutResult, type Store } from "../../src/store/store.ts";
import { StoreError } from "../../src/store/store-error.ts";
import { azuriteKey } from "../support/azurite.ts";
import {
  blobError,
  type FakeAnswer,
  type FakeBlobServer,
  startFakeBlobServer,
} from "../support/fake-blob-server.ts";

let server: FakeBlobServer;
let store: Store;
beforeAll(async () => {
  server = await startFakeBlobServer();
  store = open(() => 5_000);
});
afterAll(async () => {
  await store.close();
  await server.close();
});

function open(attemptDeadlineMs: (size: number) => number): Store {
  const connectionString = `AccountName=account;AccountKey=${azuriteKey};DefaultEndpointsProtocol=https`;
  return createAzureBlobStore({
    accountUrl: server.url,
    container: "box",
    prefix: "p",
    credential: { kind: "connection-string", connectionString },
    attemptDeadlineMs,
  });
}

const bytes = Buffer.from("some bytes");
const md5 = createHash("md5").update(bytes).digest("base64");
const created: FakeAnswer = { status: 201, headers: { etag: '"1"', "content-md5": md5 } };
const head = (headers: Record<string, string>): FakeAnswer => ({
  status: 200,
  headers: { etag: '"1"', ...headers },
});
const put = (): Promise<PutResult> => store.put("a.parquet", bytes, { metadata: { content: "c1" } });

describe("one request", () => {
  test("creates only, carries MD5, size, type and metadata, and stays below container and prefix", async () => {
    server.script(created);
    expect(
      await store.put("a=1/b%3A.parquet", bytes, { contentType: "x/y", metadata: { rows: "3" } }),
    ).toEqual({ status: "stored" });
    expect(server.requests).toHaveLength(1);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: "PUT", url: "/account/box/p/a%3D1/b%253A.parquet" });
    expect(request?.headers).toMatchObject({
      "if-none-match": "*",
      "content-md5": md5,
      "x-ms-blob-content-md5": md5,
      "content-length": String(bytes.length),
      "x-ms-blob-type": "BlockBlob",
      "x-ms-blob-content-type": "x/y",
      "x-ms-meta-rows": "3",
    });
  });

  test.each([408, 429, 500, 502, 503, 504])("is never repeated by the library: %i", async (status) => {
    server.script({ status }, created);
    expect(await put()).toMatchObject({
      status: "retryable",
      class: "transient",
      error: { statusCode: status },
    });
    expect(server.requests).toHaveLength(1);
  });

  test("is not redirected", async () => {
    server.script({ status: 307, headers: { location: `${server.url}/elsewhere/x` } }, created);
    expect(await put()).toMatchObject({
      status: "retryable",
      class: "transient",
      error: { statusCode: 307 },
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe("the service's answers", () => {
  test.each<[string, FakeAnswer, Partial<PutResult> & { class?: string }]>([
    ["401", blobError(401, "NoAuthenticationInformation"), { status: "retryable", class: "configuration" }],
    ["403", blobError(403, "AuthorizationFailure"), { status: "retryable", class: "configuration" }],
    ["404 container", blobError(404, "ContainerNotFound"), { status: "retryable", class: "configuration" }],
    [
      "404 from something else",
      { status: 404, body: "<html>not here</html>" },
      { status: "retryable", class: "configuration" },
    ],
    ["409 lease", blobError(409, "LeaseIdMissing"), { status: "retryable", class: "configuration" }],
    [
      "409 immutable",
      blobError(409, "BlobImmutableDueToPolicy"),
      { status: "retryable", class: "configuration" },
    ],
    ["400 damaged", blobError(400, "Md5Mismatch"), { status: "retryable", class: "transient" }],
    ["400", blobError(400, "InvalidMetadata"), { status: "rejected" }],
    ["413", blobError(413, "RequestBodyTooLarge"), { status: "rejected" }],
    ["418", { status: 418, body: "tea" }, { status: "retryable", class: "transient" }],
    ["503 busy", blobError(503, "ServerBusy"), { status: "retryable", class: "transient" }],
    [
      "503 of a gateway",
      { status: 503, body: "<!doctype html><p>\u0000\uffff" },
      { status: "retryable", class: "transient" },
    ],
    [
      "500 with half of an XML",
      { status: 500, headers: { "content-type": "application/xml" }, body: "<?xml version='1.0'?><Err" },
      { status: "retryable", class: "transient" },
    ],
    [
      "200 of a portal",
      { status: 200, headers: { "content-type": "text/html" }, body: "<html>log in</html>" },
      { status: "retryable", class: "transient" },
    ],
  ])("%s", async (_, answer, expected) => {
    server.script(answer);
    expect(await put()).toMatchObject(expected);
    expect(server.requests).toHaveLength(1);
  });

  test("a refusal with a Date far from ours means the clock", async () => {
    const date = new Date(Date.now() - 20 * 60_000).toUTCString();
    server.script(blobError(403, "AuthenticationFailed", { date }));
    expect(await put()).toMatchObject({ status: "retryable", class: "clock" });
  });

  test("its own words are passed on, the first line of them, without what may be a secret", async () => {
    const says = async (message: string): Promise<string> => {
      const xml = `<?xml version="1.0"?><Error><Code>InvalidHeaderValue</Code><Message>${message}</Message></Error>`;
      const headers = { "x-ms-error-code": "InvalidHeaderValue", "content-type": "application/xml" };
      server.script({ status: 400, headers, body: xml });
      return ((await put()) as { error: Error }).error.message.split("; the service says: ")[1] ?? "";
    };
    const hint = "The API version 2099-01-01 is not known. Use --skipApiVersionCheck.";
    expect(await says(`${hint}\nRequestId:1\nTime:2`)).toBe(hint);
    expect(await says(`the signature ${azuriteKey} of a?sv=2021&amp;sig=c4n4ry is wrong`)).toBe(
      "the signature … of a?… is wrong",
    );
    expect(await says("AuthorizationPermissionMismatch\u009b31m")).toBe(
      "AuthorizationPermissionMismatch 31m",
    );
    expect(await says("long ".repeat(1_000))).toHaveLength(401);
    expect(await says("")).toBe("");
    server.script({ status: 503, body: "<Message>not the service</Message>" });
    expect(((await put()) as { error: Error }).error.message).not.toContain("says");
  });

  test("Retry-After in seconds and as a date", async () => {
    server.script(blobError(503, "ServerBusy", { "retry-after": "7" }));
    expect(await put()).toMatchObject({ retryAfterMs: 7_000 });
    server.script(
      blobError(429, "TooManyRequests", { "retry-after": new Date(Date.now() + 30_000).toUTCString() }),
    );
    const { retryAfterMs } = (await put()) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(25_000);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    server.script(blobError(503, "ServerBusy", { "retry-after": "soon" }));
    expect(await put()).not.toHaveProperty("retryAfterMs");
  });
});

describe("when the name is taken", () => {
  const taken = [
    blobError(409, "BlobAlreadyExists"),
    blobError(412, "ConditionNotMet"),
    blobError(403, "UnauthorizedBlobOverwrite"),
  ];

  test("the same `content` in the metadata is the same object, whatever the bytes", async () => {
    for (const answer of taken) {
      server.script(answer, head({ "x-ms-meta-content": "c1", "content-length": "99" }));
      expect(await put()).toEqual({ status: "exists" });
    }
  });

  test("another `content` is a conflict", async () => {
    server.script(
      blobError(409, "BlobAlreadyExists"),
      head({ "x-ms-meta-content": "c2", "content-md5": md5, "content-length": "10" }),
    );
    expect(await put()).toMatchObject({ status: "conflict" });
  });

  test("without it, size and MD5 decide", async () => {
    const other = createHash("md5").update("other").digest("base64");
    const cases = [
      [{ "content-length": "10", "content-md5": md5 }, "exists"],
      [{ "content-length": "10", "content-md5": other }, "conflict"],
      [{ "content-length": "11", "content-md5": md5 }, "conflict"],
    ] as const;
    for (const [headers, status] of cases) {
      server.script(blobError(409, "BlobAlreadyExists"), head(headers));
      expect((await put()).status).toBe(status);
    }
  });

  test("without an MD5, the bytes decide", async () => {
    for (const [body, status] of [
      ["some bytes", "exists"],
      ["Some bytes", "conflict"],
    ] as const) {
      server.script(blobError(409, "BlobAlreadyExists"), head({ "content-length": "10" }), {
        status: 200,
        headers: { etag: '"1"', "content-length": "10" },
        body,
      });
      expect((await put()).status).toBe(status);
    }
  });

  test("a look that fails decides nothing", async () => {
    server.script(blobError(409, "BlobAlreadyExists"), { status: 500 });
    expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
    server.script(blobError(409, "BlobAlreadyExists"), blobError(404, "BlobNotFound"));
    expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
    server.script(blobError(409, "BlobAlreadyExists"), blobError(403, "AuthorizationPermissionMismatch"));
    expect(await put()).toMatchObject({ status: "retryable", class: "configuration" });
  });
});

test("a 201 that does not echo the MD5 is believed only after a look", async () => {
  server.script({ status: 201, body: "ok" }, blobError(404, "BlobNotFound"));
  expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
  server.script(
    { status: 201, headers: { "content-md5": createHash("md5").update("?").digest("base64") } },
    head({ "content-length": "10", "content-md5": md5 }),
  );
  expect(await put()).toEqual({ status: "stored" });
});

describe("an answer of more bytes than were asked for", () => {
  const endless: FakeAnswer = (_, response) => {
    response.writeHead(200, { "content-length": String(3e9), etag: '"1"' });
    const chunk = Buffer.alloc(1_000_000);
    const more = (): void => void (!response.destroyed && response.write(chunk) && setImmediate(more));
    response.on("drain", more);
    more();
  };

  test("is not read, and its connection is ended", async () => {
    const before = process.memoryUsage.rss();
    for (const range of [undefined, { start: 0, end: 100 }]) {
      const closed = new Promise<void>((resolve) =>
        server.script((request, response) => {
          request.socket.once("close", () => resolve());
          endless(request, response);
        }),
      );
      await expect(store.get("a", range ? { range } : {})).rejects.toMatchObject({
        name: "StoreError",
        failure: "rejected",
        message: expect.stringContaining("3000000000 bytes"),
      });
      await closed;
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000);
  });
});

describe("without an answer", () => {
  test("a silent server ends at the deadline", async () => {
    const impatient = open(() => 200);
    server.script(() => {});
    expect(await impatient.put("a", bytes)).toMatchObject({
      status: "retryable",
      class: "transient",
      error: { message: expect.stringContaining("200 ms") },
    });
    await expect(impatient.get("a")).rejects.toMatchObject({ failure: "transient" });
    await expect(impatient.list("")[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      failure: "transient",
    });
    await impatient.close();
  });

  test("a body that stops coming ends at the deadline", async () => {
    const impatient = open(() => 200);
    server.script((_, response) => {
      response.writeHead(200, { "content-length": "1000", etag: '"1"' });
      response.write("x");
    });
    await expect(impatient.get("a")).rejects.toMatchObject({ failure: "transient" });
    await impatient.close();
  });

  test("a reset, an early end and a cut body are transient", async () => {
    server.script((request) => request.socket.resetAndDestroy());
    expect(await put()).toMatchObject({
      status: "retryable",
      class: "transient",
      error: { code: "ECONNRESET" },
    });
    server.script((request) => request.socket.end());
    expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
    server.script((request, response) => {
      response.writeHead(200, { "content-length": "1000", etag: '"1"' });
      response.write("x".repeat(500), () => request.socket.destroy());
    });
    await expect(store.get("a")).rejects.toBeInstanceOf(StoreError);
    server.script((request) => request.socket.end("garbage that is no HTTP\r\n\r\n"));
    expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
  });

  test("an answer before the body was read, then a reset, harms nobody", async () => {
    const large = {
      size: 30_000_000,
      async *open() {
        for (let i = 0; i < 300; i++) yield new Uint8Array(100_000);
      },
    };
    server.script((request, response) => {
      response.writeHead(503, { "retry-after": "1" });
      response.end("busy", () => setTimeout(() => request.socket.resetAndDestroy(), 20));
    });
    for (let i = 0; i < 5; i++)
      expect(await store.put("big", large)).toMatchObject({ status: "retryable", class: "transient" });
  });

  test("a host that does not exist is a matter of configuration", async () => {
    const lost = createAzureBlobStore({
      accountUrl: "https://account.blob.invalid",
      container: "box",
      prefix: "",
      credential: { kind: "sas", token: "sv=2024-01-01&sig=abc" },
    });
    const result = await lost.put("a", bytes);
    expect(result).toMatchObject({ status: "retryable" });
    // Without any name server the answer is EAI_AGAIN, which may pass.
    const { class: kind, error } = result as unknown as { class: string; error: StoreError };
    expect([error.code, kind]).toEqual(
      error.code === "ENOTFOUND" ? ["ENOTFOUND", "configuration"] : [error.code, "transient"],
    );
  });

  test("closing ends what is under way", async () => {
    const closing = open(() => 60_000);
    const asked = new Promise<void>((resolve) => server.script(() => resolve()));
    const waiting = closing.put("a", bytes);
    await asked;
    await closing.close();
    await closing.close();
    expect(await waiting).toMatchObject({ status: "retryable", class: "transient" });
  });
});

describe("reads", () => {
  test("tell a missing object from everything else", async () => {
    server.script(blobError(404, "BlobNotFound"));
    await expect(store.get("a")).rejects.toThrow(ObjectNotFoundError);
    server.script(blobError(404, "ContainerNotFound"));
    await expect(store.get("a")).rejects.toMatchObject({ name: "StoreError", failure: "configuration" });
    server.script({ status: 404, body: "?" });
    await expect(store.get("a")).rejects.toMatchObject({ name: "StoreError", failure: "configuration" });
  });

  test("leave out the folders of a hierarchical namespace and names that are no paths", async () => {
    const blob = (name: string, extra = "") =>
      `<Blob><Name>${name}</Name><Properties><Last-Modified>Sun, 22 Nov 2026 05:00:00 GMT</Last-Modified><Etag>1</Etag>` +
      `<Content-Length>3</Content-Length><BlobType>BlockBlob</BlobType></Properties>${extra}</Blob>`;
    const blobs = [
      blob("p/dir", "<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>"),
      blob("p/dir/a.parquet", "<Metadata><content>x</content></Metadata>"),
      blob("p/with space"),
    ];
    server.script({
      status: 200,
      headers: { "content-type": "application/xml" },
      body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="${server.url}" ContainerName="box"><Blobs>${blobs.join("")}</Blobs><NextMarker/></EnumerationResults>`,
    });
    const entries = [];
    for await (const entry of store.list("")) entries.push(entry);
    const lastModified = Date.UTC(2026, 10, 22, 5);
    expect(entries).toEqual([
      { path: "dir/a.parquet", size: 3, lastModified, etag: "1", metadata: { content: "x" } },
    ]);
  });
});
