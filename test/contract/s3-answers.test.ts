import { writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { checkDestination } from "../../src/cli/commands/doctor/check-destination.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { resolveDeployment } from "../../src/config/resolve.ts";
import { createS3Store } from "../../src/store/s3/s3-store.ts";
import type { S3Keys } from "../../src/store/s3/s3-client.ts";
import { ObjectNotFoundError, type PutResult, type Store } from "../../src/store/store.ts";
import { type FakeAnswer, type FakeBlobServer, startFakeBlobServer } from "../support/fake-blob-server.ts";
import { disposableFolder } from "../support/temp-folder.ts";
import { pathsOf, streamOf } from "./store.contract.ts";

/** As long as S3's own are. */
const keys: S3Keys = {
  accessKeyId: "AKIAC4N4RY0000EXAMPLE",
  secretAccessKey: "c4n4ry5ecret/K7MDENG/bPxRfiCYEXAMPLEKEY0",
  sessionToken: "c4n4ryT0ken//////////wEaCXVzLWVhc3QtMSJHMEUCIQDexample==",
};
/** Everything any test got to see, searched for secrets at the end. */
const seen: unknown[] = [];
/** Signatures that were sent. */
const signatures: string[] = [];

let server: FakeBlobServer;
let endpoint: string;
let store: Store;
beforeAll(async () => {
  server = await startFakeBlobServer();
  endpoint = new URL(server.url).origin;
  store = createS3Store({ bucket: "box", prefix: "p", endpoint, region: null, keys });
  seen.push(store);
  // The server is tried out once, and here keeps to the condition.
  server.script(taken);
  await put();
});
afterAll(async () => {
  await store?.close();
  await server?.close();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** An answer of S3's shape. */
function s3Error(status: number, code: string, headers: Readonly<Record<string, string>> = {}): FakeAnswer {
  const message = "The service's own words.";
  return {
    status,
    headers: { "x-amz-request-id": "4442587FB7D0A2F9", "content-type": "application/xml", ...headers },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  };
}

const taken: FakeAnswer = s3Error(412, "PreconditionFailed");
const hourAgo = (): string => new Date(Date.now() - 3_600_000).toUTCString();

async function put(): Promise<PutResult> {
  const result = await store.put("a.parquet", Buffer.from("bytes"), { metadata: { content: "c1" } });
  seen.push(result);
  return result;
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const thrown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  seen.push(thrown);
  return thrown;
}

describe("the service's answers to a put", () => {
  test.each<[code: string, status: number, cls: string, says: string]>([
    ["SlowDown", 503, "transient", "asks for fewer requests"],
    ["ServiceUnavailable", 503, "transient", "busy or out of order"],
    ["InternalError", 500, "transient", "busy or out of order"],
    ["RequestTimeout", 400, "transient", "came too slowly"],
    ["BadDigest", 400, "transient", "damaged on their way"],
    ["ConditionalRequestConflict", 409, "transient", "another writer was at the same name"],
    ["RequestTimeTooSkewed", 403, "clock", "this machine's clock differs"],
    ["ExpiredToken", 400, "configuration", "they have expired"],
    ["InvalidToken", 400, "configuration", "the session token is malformed"],
    ["InvalidAccessKeyId", 403, "configuration", "there is no such access key"],
    ["SignatureDoesNotMatch", 403, "configuration", "the secret access key is wrong"],
    ["AccessDenied", 403, "configuration", "the credentials lack a permission: s3:PutObject"],
    ["KMSAccessDenied", 403, "configuration", "may not use the key"],
    ["NoSuchBucket", 404, "configuration", "the bucket does not exist; create it"],
    ["PermanentRedirect", 301, "configuration", "set AWS_REGION to it"],
    ["NotImplemented", 501, "configuration", "PUT with If-None-Match"],
    ["UnheardOf", 418, "transient", "not S3's"],
  ])("%s", async (code, status, cls, says) => {
    server.script(s3Error(status, code));
    const result = await put();
    expect(result).toMatchObject({
      status: "retryable",
      class: cls,
      error: { statusCode: status, code, requestId: "4442587FB7D0A2F9", operation: "put" },
    });
    const { message } = (result as { error: Error }).error;
    expect(message).toContain(says);
    expect(message).toContain("the service says: The service's own words.");
    // Neither repeated by the library, nor sent to another region.
    expect(server.requests).toHaveLength(1);
  });

  test("say when to come again, and where the bucket is", async () => {
    server.script(s3Error(503, "SlowDown", { "retry-after": "7" }));
    expect(await put()).toMatchObject({ class: "transient", retryAfterMs: 7_000 });
    server.script(s3Error(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-1" }));
    expect(await put()).toMatchObject({
      error: { message: expect.stringContaining("the bucket is in eu-west-1") },
    });
  });

  test("mean the clock when it is an hour off and all else is denied", async () => {
    server.script(s3Error(403, "AccessDenied", { date: hourAgo() }));
    expect(await put()).toMatchObject({ status: "retryable", class: "clock" });
  });

  test.each([
    ["a gateway", { status: 503, body: "<!doctype html><p>\u0000" }],
    [
      "half of an XML",
      { status: 500, headers: { "content-type": "application/xml" }, body: "<?xml version" },
    ],
  ] satisfies [string, FakeAnswer][])("of %s are none of S3, and pass", async (_, answer) => {
    server.script(answer);
    expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
  });

  test("that the name is taken are followed by a look", async () => {
    const there = (content: string): FakeAnswer => ({
      status: 200,
      headers: { etag: '"1"', "content-length": "5", "x-amz-meta-content": content },
    });
    server.script(taken, there("c1"));
    expect(await put()).toEqual({ status: "exists" });
    expect(server.requests.map(({ method }) => method)).toEqual(["PUT", "HEAD"]);
    server.script(taken, there("c2"));
    expect(await put()).toMatchObject({ status: "conflict" });
    server.script(taken, { status: 404 });
    expect(await put()).toMatchObject({ status: "retryable", class: "transient" });
    server.script(taken, { status: 403 });
    expect(await put()).toMatchObject({ status: "retryable", class: "configuration" });
  });

  test("that fail print nothing, also of a stream, which AWS's library warns of", async () => {
    const printed = (["log", "info", "warn", "error", "debug", "trace"] as const).map((method) =>
      vi.spyOn(console, method).mockImplementation(() => {}),
    );
    const written = vi.spyOn(process.stderr, "write");
    server.script(s3Error(503, "SlowDown"));
    expect(await store.put("a/x", streamOf(1_000, 1))).toMatchObject({ status: "retryable" });
    expect(server.requests).toHaveLength(1);
    for (const spy of [...printed, written]) expect(spy).not.toHaveBeenCalled();
  });
});

describe("the service's answers to who reads", () => {
  test("tell what is not there from what may not be seen", async () => {
    server.script(s3Error(404, "NoSuchKey"));
    expect(await failureOf(store.get("x"))).toBeInstanceOf(ObjectNotFoundError);
    for (const [status, code] of [
      [404, "NoSuchBucket"],
      [403, "AccessDenied"],
    ] as const) {
      server.script(s3Error(status, code));
      const expected = { name: "StoreError", failure: "configuration", statusCode: status, code };
      expect(await failureOf(store.get("x"))).toMatchObject(expected);
      expect(await failureOf(pathsOf(store))).toMatchObject(expected);
    }
    server.script(s3Error(503, "SlowDown"));
    expect(await failureOf(pathsOf(store))).toMatchObject({ failure: "transient", code: "SlowDown" });
  });
});

test("mdc doctor tells a server's clock that is an hour off, and what the server refuses", async () => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", keys.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", keys.secretAccessKey);
  const resolved = resolveDeployment(
    { destination: "s3://box/p", spool: { durability: "memory" } },
    readEnvironment({ HOME: "/", AWS_ENDPOINT_URL_S3: endpoint }),
  );
  server.script(s3Error(404, "NoSuchKey"), s3Error(403, "KMSAccessDenied"), {
    status: 403,
    headers: { date: hourAgo() },
  });
  const findings = await checkDestination(resolved);
  seen.push(findings);
  expect(findings.map(({ check, state }) => `${check}: ${state}`)).toEqual([
    "credential: ok",
    "destination: ok",
    "destination: problem",
    "clock: problem",
  ]);
  expect(findings[2]?.text).toContain("may not use the key that the bucket encrypts with");
  expect(findings[3]?.text).toMatch(/differ by (3599|36\d\d) s$/);
});

describe("secrets", () => {
  /** As S3 does of a wrong signature, and more. */
  function tellAll(request: IncomingMessage, response: ServerResponse): void {
    const { authorization = "", "x-amz-security-token": token } = request.headers;
    signatures.push(authorization.split("Signature=")[1] ?? "");
    const told = `${authorization} ${String(token)} ${keys.secretAccessKey} x=${keys.secretAccessKey}`;
    request.resume().on("end", () => {
      response.writeHead(403, {
        "content-type": "application/xml",
        "x-amz-request-id": keys.secretAccessKey,
        "x-amz-bucket-region": String(token),
        "retry-after": keys.secretAccessKey,
      });
      const details = `<StringToSign>${told}</StringToSign><SignatureProvided>${told}</SignatureProvided>`;
      response.end(
        `<Error><Code>SignatureDoesNotMatch</Code><Message>Not: ${told}</Message>${details}</Error>`,
      );
    });
  }

  test("that the service repeats go no further", async () => {
    server.script(tellAll);
    expect(await put()).toMatchObject({
      status: "retryable",
      class: "configuration",
      error: { code: "SignatureDoesNotMatch", message: expect.stringContaining("Not: ") },
    });
    expect(await failureOf(store.get("x"))).toMatchObject({ failure: "configuration" });
    expect(await failureOf(pathsOf(store))).toMatchObject({ failure: "configuration" });
    expect(server.requests[0]?.headers["x-amz-security-token"]).toBe(keys.sessionToken);
    expect(signatures).toEqual(Array(3).fill(expect.stringMatching(/^[0-9a-f]{64}$/)));
  });

  test("that a program of the profile prints go no further", async () => {
    await using folder = await disposableFolder();
    const config = join(folder.path, "config");
    const program = join(folder.path, "program.mjs");
    await writeFile(program, `console.error("${keys.secretAccessKey}"); process.exit(1)`);
    await writeFile(config, `[default]\ncredential_process = ${process.execPath} ${program}\n`);
    for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"])
      vi.stubEnv(name, undefined);
    vi.stubEnv("AWS_CONFIG_FILE", config);
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(folder.path, "none"));
    vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
    const asked = createS3Store({ bucket: "box", prefix: "", endpoint, region: null });
    server.script({ status: 500 });
    const result = await asked.put("x", Buffer.from("x"));
    seen.push(result, asked);
    expect(result).toMatchObject({ status: "retryable", class: "configuration" });
    expect(server.requests).toEqual([]);
    await asked.close();
  });

  test("are in nothing that anybody got to see", () => {
    expect(seen.length).toBeGreaterThan(30);
    const text = seen
      .map((value) => {
        const error = (value as { error?: unknown }).error ?? value;
        return [
          inspect(value, { depth: 12, showHidden: true, getters: true }),
          String(value),
          JSON.stringify(value),
          error instanceof Error
            ? `${error.stack} ${String(error.cause)} ${JSON.stringify({ ...error })}`
            : "",
        ].join("\n");
      })
      .join("\n");
    expect(text).toContain("StoreError");
    const secrets = [keys.secretAccessKey, keys.sessionToken ?? "", keys.accessKeyId, ...signatures];
    for (const secret of [...secrets, "c4n4ry", "AWS4-HMAC-SHA256 Credential"]) {
      expect(text.includes(secret), `a secret that begins with ${secret.slice(0, 4)}`).toBe(false);
    }
  });
});
