import { createHash } from "node:crypto";
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { CollectorError, DeploymentOptions, DeploymentStats, ErrorInfo } from "model-data-collector";
import {
  nodePayloadLogging,
  type PayloadOptions,
  type PayloadPolicy,
  type PayloadRequest,
} from "model-data-collector/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Azurite, azuriteKey, startAzurite } from "../support/azurite.ts";
import { bodyHash, bodyPart, openRequest, sendBody } from "../support/large-bodies.ts";
import { root } from "../support/packed-project.ts";
import { duckdbCollection, duckdbSql } from "../support/parquet-engines.ts";
import { type PayloadServer, payloadServer } from "../support/payload-server.ts";
import { expectBalance, runScript, scratch, until } from "../support/scratch.ts";

const MiB = 1024 * 1024;

type Row = Readonly<Record<string, unknown>>;

const echo: RequestListener = (request, response) => {
  response.setHeader("content-type", "application/octet-stream");
  request.pipe(response);
};

/** A server that sends back what it is sent. */
function echoing(
  options: PayloadOptions = {},
  settings: DeploymentOptions = {},
  listener: RequestListener = echo,
): Promise<PayloadServer> {
  return payloadServer(
    (deployment) =>
      createServer(nodePayloadLogging(listener, { largeBodies: "aside", ...options, deployment })),
    settings,
  );
}

/** What is stored of a body, but for the rest of its row. */
function bodyOf(row: Row | undefined): Row {
  const { body, body_bytes, body_size, body_truncated, body_sha256, mdc_tags } = row ?? {};
  const tags = typeof mdc_tags === "string" ? (JSON.parse(mdc_tags) as unknown) : null;
  return { body, body_bytes, size: Number(body_size), body_truncated, body_sha256, tags };
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Hash of the object that a row refers to. */
function referred(folder: string, row: Row | undefined): string {
  expect(row?.["body_ref"]).toMatch(
    /^default\/default\/_bodies\/(request|response)\/inference_date=[-\d]+\/inference_hour=\d\d\/[0-9a-f]{32}\.bin$/,
  );
  return sha256(readFileSync(join(folder, String(row?.["body_ref"]))));
}

const objects = (folder: string): readonly string[] => globSync("**/*.bin", { cwd: folder });

test("a body of 64 MiB goes both ways whole, each to an object that its row refers to", async () => {
  const size = 64 * MiB;
  const server = await echoing();
  const hash = bodyHash(size);
  expect(await sendBody(server.port, "large", size)).toEqual({ size, sha256: hash });
  const { folder } = await server.close();
  const stats = server.deployment.stats();
  expectBalance(stats);
  expect(stats.frames).toMatchObject({ offered: 2, delivered: 2, dropped: {} });
  expect(stats.bytes.delivered).toBeGreaterThan(2 * size);
  const rows = [
    ...(await duckdbCollection(folder, "request")),
    ...(await duckdbCollection(folder, "response")),
  ];
  const whole = { body: null, body_bytes: null, size, body_truncated: false, body_sha256: hash, tags: null };
  expect(rows.map(bodyOf)).toEqual([whole, whole]);
  expect(rows.map((row) => referred(folder, row))).toEqual([hash, hash]);
  expect(objects(folder)).toHaveLength(2);
});

test("objects without a row are found as the documents say", async () => {
  const server = await echoing({ maxBodyBytes: 1_000 });
  await sendBody(server.port, "both", 2_000);
  const { folder } = await server.close();
  const [known = ""] = objects(folder);
  const orphan = join(folder, dirname(known), `${"0".repeat(32)}.bin`);
  writeFileSync(orphan, "left behind");
  const document = readFileSync(join(root, "docs/payload.md"), "utf8");
  const [, sql = ""] = /```sql\n(SELECT file FROM glob.*?)```/s.exec(document) ?? [];
  expect(await duckdbSql(sql.replaceAll("collected/", `${folder}/`))).toEqual([{ file: orphan }]);
});

describe("in Azure Blob Storage", () => {
  let azurite: Azurite;
  beforeAll(async () => {
    azurite = await startAzurite();
  });
  afterAll(() => azurite.stop());

  test("the objects stand beside the collections, with their hash", async () => {
    const size = 16 * MiB;
    const container = await azurite.container("bodies");
    const server = await echoing(
      {},
      { destination: `${azurite.url}/bodies/some/prefix`, credential: azurite.connectionString },
    );
    await sendBody(server.port, "large", size);
    const { folder } = await server.close();
    const hash = bodyHash(size);
    for await (const { name } of container.listBlobsFlat()) {
      const blob = container.getBlobClient(name);
      const path = join(folder, name.replace("some/prefix/", ""));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, await blob.downloadToBuffer());
      if (!name.endsWith(".bin")) continue;
      const { metadata, contentType } = await blob.getProperties();
      expect(metadata?.["content"]).toBe(hash);
      expect(contentType).toBe("application/octet-stream");
    }
    const [request] = await duckdbCollection(folder, "request");
    const [response] = await duckdbCollection(folder, "response");
    expect([referred(folder, request), referred(folder, response)]).toEqual([hash, hash]);
  });
});

test.each(["group", "frame"] as const)(
  "with durability %s a body that fits is in its row, and with one byte more it is not",
  async (durability) => {
    const server = await echoing({ maxBodyBytes: 1_000 }, { spool: { durability } }, (request, response) => {
      request.resume().on("end", () => {
        response.setHeader("content-type", "text/plain");
        for (let i = 0; i < 250; i++) response.write("four");
        response.end(request.url === "/fits" ? undefined : "!");
      });
    });
    for (const id of ["fits", "larger"]) await sendBody(server.port, id, 100);
    const { folder } = await server.close();
    const responses = await duckdbCollection(folder, "response");
    const [fits, larger] = ["fits", "larger"].map((id) =>
      responses.find((row) => row["mdc_correlation_id"] === id),
    );
    expect(fits).toMatchObject({ body: "four".repeat(250), body_ref: null });
    expect(larger).toMatchObject({ body: null, body_size: 1_001n, body_truncated: false });
    expect(referred(folder, larger)).toBe(sha256(Buffer.from(`${"four".repeat(250)}!`)));
  },
);

test("of an upload that the client gives up, the object has what came, and its row says so", async () => {
  const server = await echoing({ maxBodyBytes: 1_000 }, {}, (request) => void request.resume());
  const request = openRequest(server.port, "given-up", { "content-length": String(MiB) });
  const part = bodyPart(0, 300_000);
  request.write(part);
  await until(() => server.deployment.stats().bytes.offered >= 256 * 1024);
  await new Promise((resolve) => setTimeout(resolve, 100));
  request.destroy();
  await until(() => server.deployment.stats().frames.offered === 2);
  const { folder } = await server.close();
  const [row] = await duckdbCollection(folder, "request");
  expect(bodyOf(row)).toMatchObject({ size: 300_000, body_truncated: true, body_sha256: sha256(part) });
  expect(referred(folder, row)).toBe(sha256(part));
});

test("with JSON lines the row refers to the same place", async () => {
  const server = await echoing({ maxBodyBytes: 1_000 }, { format: "jsonl" });
  await sendBody(server.port, "lines", 2_000);
  const { folder } = await server.close();
  const [path = ""] = globSync("**/request/**/*.jsonl", { cwd: folder });
  const [{ body_ref, body_size }] = (JSON.parse(readFileSync(join(folder, path), "utf8")) as { data: Row[] })
    .data as [Row];
  expect(body_size).toBe(2_000);
  expect(referred(folder, { body_ref })).toBe(bodyHash(2_000));
});

describe("what is not stored aside", () => {
  test("a body that is to be redacted, hashed or only counted: nothing of it is anywhere", async () => {
    const size = 10_000;
    const secret = "never-stored-".repeat(1_000);
    const policy = ({ path }: PayloadRequest): PayloadPolicy => (path === "/hash" ? "hash" : "full");
    const server = await echoing({ maxBodyBytes: 1_000, redact: { request: ["$.secret"] }, policy });
    await sendBody(server.port, "hash", size);
    const redacted = openRequest(server.port, "redacted", { "content-type": "application/json" });
    redacted.end(JSON.stringify({ secret }));
    await new Promise((resolve) => redacted.on("response", (r) => r.resume().on("end", resolve)));
    const { folder } = await server.close();
    const requests = await duckdbCollection(folder, "request");
    for (const row of requests) expect(row).toMatchObject({ body: null, body_bytes: null, body_ref: null });
    expect(bodyOf(requests.find((row) => row["mdc_correlation_id"] === "redacted"))["tags"]).toEqual({
      body_dropped: "cut",
    });
    // The response of "redacted" is not to be redacted.
    expect(objects(folder)).toHaveLength(1);
    expect(objects(folder)[0]).toContain("_bodies/response/");
  });

  test("what the rate leaves out, though a rule might keep it: it is cut, and says why", async () => {
    const server = await echoing(
      { maxBodyBytes: 1_000 },
      { samplingRate: 0, keep: [{ column: "http_status", equals: 200 }] },
    );
    await sendBody(server.port, "kept", 5_000);
    const { folder } = await server.close();
    const [row] = await duckdbCollection(folder, "response");
    expect(bodyOf(row)).toMatchObject({ size: 5_000, body_truncated: true, tags: { body_cut: "undecided" } });
    expect(objects(folder)).toEqual([]);
  });

  test.each([["a spool in memory", { spool: { durability: "memory" } }]] as const)(
    "with %s bodies are cut, and it is told",
    async (_, settings) => {
      const told: ErrorInfo[] = [];
      const onError = (_error: CollectorError, info: ErrorInfo): void => void told.push(info);
      const server = await echoing({ maxBodyBytes: 1_000 }, { ...settings, onError });
      await sendBody(server.port, "cut", 5_000);
      const { folder } = await server.close();
      const [row] = await duckdbCollection(folder, "request");
      expect(bodyOf(row)).toMatchObject({ size: 5_000, body_sha256: bodyHash(5_000), body_truncated: true });
      expect(bodyOf(row)["tags"]).toEqual({ body_cut: "unavailable" });
      expect(told.map(({ reason }) => reason)).toContain("aside_unavailable");
    },
  );
});

test("a compressed body is stored as it came", async () => {
  const text = gzipSync(bodyPart(0, 20_000));
  const server = await echoing({ maxBodyBytes: 1_000, decode: true }, {}, (request, response) => {
    request.resume().on("end", () => response.writeHead(200, { "content-encoding": "gzip" }).end(text));
  });
  await sendBody(server.port, "gzip", 10);
  const { folder } = await server.close();
  const [row] = await duckdbCollection(folder, "response");
  expect(row).toMatchObject({ content_encoding: "gzip", body_size: BigInt(text.length) });
  expect(referred(folder, row)).toBe(sha256(text));
});

test("bodies leave half of the spool to frames: what finds no room is cut, and traffic flows on", async () => {
  const told: string[] = [];
  const onError = (_error: CollectorError, { reason }: ErrorInfo): void => void told.push(reason);
  // Nobody is there, so that everything waits in the spool.
  const server = await echoing({ maxBodyBytes: 10_000 }, {
    destination: "http://127.0.0.1:1/devstoreaccount1/nobody",
    credential: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${azuriteKey};BlobEndpoint=http://127.0.0.1:1/devstoreaccount1`,
    spool: { maxBytes: 4 * MiB },
    onError,
  } as DeploymentOptions);
  const size = MiB / 2;
  for (let i = 0; i < 6; i++)
    expect(await sendBody(server.port, `body-${i}`, size)).toEqual({ size, sha256: bodyHash(size) });
  await sendBody(server.port, "too-large", 2 * MiB);
  await server.deployment.flush({ to: "spool" });
  const stats = server.deployment.stats();
  expectBalance(stats);
  expect(stats.frames).toMatchObject({ offered: 14, spooled: 14 });
  expect(Object.keys(stats.bytes.dropped)).toEqual(expect.arrayContaining(["spool_full"]));
  expect(told).toEqual(expect.arrayContaining(["aside_spool_full", "aside_too_large"]));
});

test("when the background thread dies in the middle of a body, that one is cut; others are whole", async () => {
  const { env, destination, spool } = await scratch();
  const preload = `
    import threads from "node:worker_threads";
    import { syncBuiltinESMExports } from "node:module";
    const { Worker } = threads;
    globalThis.workers = [];
    threads.Worker = class extends Worker { constructor(...args) { super(...args); workers.push(this); } };
    syncBuiltinESMExports();`;
  const code = `
    import { createServer, request as httpRequest } from "node:http";
    import { once } from "node:events";
    import { openDeployment } from "model-data-collector";
    import { nodePayloadLogging } from "model-data-collector/http";
    const heard = [];
    const deployment = await openDeployment({ onError: (_, { reason }) => heard.push(reason) });
    const options = { deployment, largeBodies: "aside", maxBodyBytes: 1000 };
    const server = createServer(nodePayloadLogging((asked, answer) => {
      asked.resume().on("end", () => answer.end("ok"));
    }, options)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const half = Buffer.alloc(2 ** 20, "half of a body ");
    async function send(id, between) {
      const sent = httpRequest({ port: server.address().port, method: "POST", headers: { "x-request-id": id } });
      const answered = once(sent, "response");
      sent.write(half);
      await new Promise((resolve) => setTimeout(resolve, 500));
      await between?.();
      sent.end(half);
      const [answer] = await answered;
      await once(answer.resume(), "end");
    }
    await send("before");
    await send("broken", () => workers.at(-1).terminate());
    await send("after");
    await new Promise((resolve) => setTimeout(resolve, 200));
    await deployment.flush();
    console.log(JSON.stringify({ heard, stats: deployment.stats(), workers: workers.length }));
    server.close();
    server.closeAllConnections();
    await deployment.close();`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(preload)}`];
  const { stdout, stderr, code: exit } = await runScript(code, { env, args });
  expect([exit, stderr]).toEqual([0, ""]);
  const { heard, stats, workers } = JSON.parse(stdout) as {
    heard: string[];
    stats: DeploymentStats;
    workers: number;
  };
  expect(workers).toBe(2);
  expectBalance(stats);
  expect(heard).toEqual(expect.arrayContaining(["background_died", "aside_io_error"]));
  const rows = await duckdbCollection(destination, "request");
  const hash = sha256(Buffer.alloc(2 ** 21, Buffer.alloc(2 ** 20, "half of a body ")));
  const byId = Object.fromEntries(rows.map((row) => [row["mdc_correlation_id"], row]));
  for (const id of ["before", "after"]) expect(referred(destination, byId[id]), id).toBe(hash);
  expect(byId["broken"]).toMatchObject({ body_ref: null, body_truncated: true, body_sha256: hash });
  expect(bodyOf(byId["broken"])["tags"]).toEqual({ body_cut: "io_error" });
  expect(objects(destination)).toHaveLength(2);
  expect(globSync("mc1/*/*.{open,seg,body}", { cwd: spool })).toEqual([]);
});
