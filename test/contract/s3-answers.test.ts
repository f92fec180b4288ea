import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createS3Store } from "../../src/store/s3/s3-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type FakeAnswer, type FakeBlobServer, startFakeBlobServer } from "../support/fake-blob-server.ts";
import { s3Keys } from "../support/s3-server.ts";
import { streamOf } from "./store.contract.ts";

let server: FakeBlobServer;
let store: Store;
beforeAll(async () => {
  server = await startFakeBlobServer();
  const endpoint = new URL(server.url).origin;
  store = createS3Store({ bucket: "box", prefix: "p", endpoint, region: null, keys: s3Keys });
});
afterAll(async () => {
  await store?.close();
  await server?.close();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** An answer of S3's shape. */
function s3Error(status: number, code: string, headers: Readonly<Record<string, string>> = {}): FakeAnswer {
  return {
    status,
    headers: { "x-amz-request-id": "4442587FB7D0A2F9", "content-type": "application/xml", ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>text</Message></Error>`,
  };
}

const taken: FakeAnswer = s3Error(412, "PreconditionFailed");

describe("a put that fails", () => {
  test("prints nothing, also of a stream, which AWS's library warns of", async () => {
    const printed = (["log", "info", "warn", "error", "debug", "trace"] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => {}),
    );
    const written = vi.spyOn(process.stderr, "write");
    server.script(taken, s3Error(503, "SlowDown"));
    expect(await store.put("a/x", streamOf(1_000, 1))).toMatchObject({ status: "retryable" });
    expect(server.requests.map(({ method }) => method)).toEqual(["PUT", "PUT"]);
    for (const spy of [...printed, written]) expect(spy).not.toHaveBeenCalled();
  });
});
