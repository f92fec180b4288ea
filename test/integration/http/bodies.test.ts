import { createHash, createHmac } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import zlib from "node:zlib";
import type { DeploymentOptions } from "model-data-collector";
import { nodePayloadLogging, type PayloadOptions, type PayloadPolicy } from "model-data-collector/http";
import { describe, expect, test } from "vitest";
import { duckdbCollection, hexBytes } from "../../support/parquet-engines.ts";
import { type PayloadServer, payloadServer } from "../../support/payload-server.ts";

/** A body's own columns. */
interface Stored {
  readonly body: unknown;
  readonly body_bytes: unknown;
  readonly size: number;
  readonly body_truncated: unknown;
  readonly body_sha256: unknown;
  readonly content_encoding: unknown;
  readonly dropped: string | undefined;
}

const json = { "content-type": "application/json" };

interface Answer {
  readonly body: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

/** A server that answers what the test says for a path. */
function served(
  options: PayloadOptions,
  answers: Record<string, Answer> = {},
  settings: DeploymentOptions = {},
): Promise<PayloadServer> {
  return payloadServer((deployment) => {
    const listener: RequestListener = (request, response) => {
      request.resume().on("end", () => {
        const { body, headers = json } = answers[request.url ?? ""] ?? { body: "{}" };
        response.writeHead(200, headers).end(body);
      });
    };
    return createServer(nodePayloadLogging(listener, { ...options, deployment }));
  }, settings);
}

async function post(
  port: number,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = json,
): Promise<string> {
  const init = { method: "POST", body, headers: { ...headers, "x-request-id": path } };
  return (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();
}

function byId(rows: readonly Readonly<Record<string, unknown>>[]): Record<string, Stored> {
  return Object.fromEntries(
    rows.map((row) => {
      const tags = row["mdc_tags"] as string | null;
      const { body, body_bytes, body_size, body_truncated, body_sha256, content_encoding } = row;
      const dropped =
        tags === null ? undefined : (JSON.parse(tags) as Record<string, string>)["body_dropped"];
      return [
        row["mdc_correlation_id"],
        { body, body_bytes, size: Number(body_size), body_truncated, body_sha256, content_encoding, dropped },
      ];
    }),
  );
}

const sha256 = (bytes: string | Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("redaction", () => {
  test("masks, drops, hashes and cuts what paths name; who calls sees nothing of it", async () => {
    const asked =
      '{"user":{"email":"a@b.c","name":"Ada Lovelace","card":4111},"amount":1.0,"id":12345678901234567890}';
    const redact = {
      request: {
        "$.user.email": { hmacKey: "key" },
        "$..card": "drop",
        "user.name": { truncate: 3 },
      },
      response: ["$.token"],
    } as const;
    const server = await served({ redact }, { "/a": { body: '{"token":"t-1","late":false}' } });
    expect(await post(server.port, "/a", asked)).toBe('{"token":"t-1","late":false}');
    const { requests, responses } = await server.stored();
    const hash = createHmac("sha256", "key").update("a@b.c").digest("hex");
    expect(byId(requests)["/a"]).toMatchObject({
      body: `{"user":{"email":"${hash}","name":"Ada"},"amount":1.0,"id":12345678901234567890}`,
      size: asked.length,
      body_truncated: false,
      body_sha256: null,
      dropped: undefined,
    });
    expect(byId(responses)["/a"]).toMatchObject({ body: '{"token":"***","late":false}' });
  });

  test("lines and events are redacted one by one", async () => {
    const redact = { request: ["$.key"], response: ["$..content"] };
    const events =
      ': hello\r\nevent: delta\ndata: {"choices":[{"content":"secret"}]}\n\ndata:{"content":1.0}\r\n\r\ndata: [DONE]\n\n';
    const server = await served(
      { redact },
      { "/a": { body: events, headers: { "content-type": "text/event-stream" } } },
    );
    await post(server.port, "/a", '{"key":"a","n":1.0}\n\n{"key":"b"}\r\n', {
      "content-type": "application/x-ndjson",
    });
    const { requests, responses } = await server.stored();
    expect(byId(requests)["/a"]?.body).toBe('{"key":"***","n":1.0}\n\n{"key":"***"}\r\n');
    expect(byId(responses)["/a"]?.body).toBe(
      ': hello\r\nevent: delta\ndata: {"choices":[{"content":"***"}]}\n\ndata:{"content":"***"}\r\n\r\ndata: [DONE]\n\n',
    );
  });

  test("a body that cannot be redacted is not stored, nor its hash; tag and onError say why", async () => {
    const told: string[] = [];
    const settings: DeploymentOptions = {
      onError: ({ code, message }, { reason }) => void told.push(`${code} ${reason}: ${message}`),
    };
    const server = await served({ redact: { request: ["$.secret"] }, maxBodyBytes: 2_000 }, {}, settings);
    const { port } = server;
    const events = { "content-type": "text/event-stream" };
    await post(port, "/cut", `{"secret":"${"hunter2".repeat(400)}"}`);
    await post(port, "/encoded", zlib.gzipSync('{"secret":"hunter2"}'), {
      ...json,
      "content-encoding": "gzip",
    });
    await post(port, "/broken", '{"secret":"hunter2"');
    await post(port, "/form", "secret=hunter2", { "content-type": "application/x-www-form-urlencoded" });
    await post(port, "/binary", Buffer.from('{"secret":"hunter2"}'), {
      "content-type": "application/octet-stream",
    });
    await post(port, "/event", 'data: {"secret":\ndata: "hunter2"}\n\n', events);
    await post(port, "/field", 'datum: {"secret":"hunter2"}\n\n', events);
    await post(port, "/deep", `${'{"a":'.repeat(600)}{}${"}".repeat(600)}`);
    await post(port, "/deeper", `${'{"a":'.repeat(300)}{}${"}".repeat(300)}`);
    await post(port, "/empty", "");
    const { requests, responses } = await server.stored();
    const rows = byId(requests);
    const dropped = Object.fromEntries(Object.entries(rows).map(([id, row]) => [id, row.dropped]));
    expect(dropped).toMatchObject({
      "/cut": "cut",
      "/encoded": "encoded",
      "/broken": "not_json",
      "/form": "not_json",
      "/binary": "not_json",
      "/event": "not_json",
      "/field": "not_json",
      "/empty": undefined,
    });
    for (const [id, { dropped: reason, body, body_bytes, body_sha256 }] of Object.entries(rows))
      if (reason !== undefined) expect([id, body, body_bytes, body_sha256]).toEqual([id, null, null, null]);
    expect(rows["/cut"]).toMatchObject({ size: 2_813, body_truncated: true });
    expect(JSON.stringify([rows, told])).not.toContain("hunter2");
    expect(byId(responses)["/cut"]?.dropped).toBeUndefined();
    expect(told.toSorted()).toEqual([
      expect.stringMatching(
        /^BODY_NOT_REDACTED redact_cut: the body of a request is not stored: it is not there whole/,
      ),
      expect.stringMatching(/^BODY_NOT_REDACTED redact_encoded: /),
      expect.stringMatching(/^BODY_NOT_REDACTED redact_not_json: /),
    ]);
  });

  test("typed columns are made of what is left", async () => {
    const redact = { request: { "$..email": "drop" }, response: ["$.predictions[*].reason"] } as const;
    const answer = { body: '{"predictions":[{"late":0.5,"reason":"fog"}]}' };
    const server = await served({ redact, tabular: true }, { "/a": answer });
    await post(server.port, "/a", '{"instances":[{"km":1.5,"email":"a@b"}]}');
    await post(server.port, "/b", '{"instances":[{"email":"a@b"}]');
    const { folder } = await server.close();
    const inputs = await duckdbCollection(folder, "model_inputs");
    expect(inputs).toMatchObject([{ mdc_correlation_id: "/a", km: 1.5 }]);
    expect(inputs[0]).not.toHaveProperty("email");
    expect(await duckdbCollection(folder, "model_outputs")).toMatchObject([{ late: 0.5, reason: "***" }]);
  });
});

test("many at once are redacted and decoded, each its own, and none is cut", async () => {
  const server = await served({ decode: true, redact: { request: ["$..pin"] } });
  const paths = Array.from({ length: 600 }, (_, i) => `/${i}`);
  await Promise.all(
    paths.map((path, i) => {
      const body = `{"path":"${path}","pin":${i}}`;
      if (i % 2 === 0) return post(server.port, path, body);
      return post(server.port, path, new Uint8Array(zlib.gzipSync(body)), {
        ...json,
        "content-encoding": "gzip",
      });
    }),
  );
  const { requests } = await server.stored();
  expect(requests).toHaveLength(paths.length);
  const rows = byId(requests);
  for (const path of paths) expect(rows[path]?.body).toBe(`{"path":"${path}","pin":"***"}`);
});

describe("decode", () => {
  const text = `{"instances":[{"km":${"1".repeat(300)}.5}],"secret":"s"}`;
  const coded = {
    gzip: zlib.gzipSync(text),
    "x-gzip": zlib.gzipSync(text),
    deflate: zlib.deflateSync(text),
    DEFLATE: zlib.deflateRawSync(text),
    br: zlib.brotliCompressSync(text),
    zstd: zlib.zstdCompressSync(text),
    "deflate, gzip": zlib.gzipSync(zlib.deflateSync(text)),
  };

  test("stores what is meant, whatever the coding; the coding, size and wire stay", async () => {
    const server = await served({ decode: true, redact: { request: ["$.secret"] }, tabular: true });
    for (const [encoding, body] of Object.entries(coded))
      await post(server.port, `/${encodeURIComponent(encoding)}`, new Uint8Array(body), {
        ...json,
        "content-encoding": encoding,
      });
    const { folder } = await server.close();
    const rows = byId(await duckdbCollection(folder, "request"));
    for (const [encoding, body] of Object.entries(coded))
      expect(rows[`/${encodeURIComponent(encoding)}`]).toMatchObject({
        body: text.replace('"s"', '"***"'),
        content_encoding: encoding,
        size: body.length,
      });
    expect(await duckdbCollection(folder, "model_inputs")).toHaveLength(Object.keys(coded).length);
  });

  test("what cannot be decoded, or is too long then, is stored as it came", async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(200 << 20));
    const bodies: Record<string, readonly [string, Uint8Array]> = {
      "/bomb": ["gzip", bomb],
      "/bombs": ["gzip, gzip", zlib.gzipSync(bomb)],
      "/damaged": ["gzip", coded.gzip.subarray(0, 40)],
      "/unknown": ["compress", coded.gzip],
      "/many": ["gzip, gzip, gzip, gzip, gzip", coded.gzip],
    };
    const server = await served({ decode: true });
    for (const [path, [encoding, body]] of Object.entries(bodies))
      await post(server.port, path, new Uint8Array(body), { ...json, "content-encoding": encoding });
    const before = process.memoryUsage().arrayBuffers;
    await server.deployment.flush({ to: "spool" });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
    const { requests } = await server.stored();
    const rows = byId(requests);
    for (const [path, [, body]] of Object.entries(bodies)) {
      expect(rows[path]).toMatchObject({ body: null, size: body.length, body_truncated: false });
      expect(sha256(rows[path]?.body_bytes as string)).toBe(sha256(hexBytes(body) as string));
    }
  });

  test("is not done unasked", async () => {
    const server = await served({});
    await post(server.port, "/a", new Uint8Array(coded.gzip), { ...json, "content-encoding": "gzip" });
    const { requests } = await server.stored();
    expect(byId(requests)["/a"]).toMatchObject({ body: null, size: coded.gzip.length });
  });

  test("whoever flushes finds what was answered before, in the order of the answers", async () => {
    const server = await served({ decode: true, redact: { response: ["$.a"] } });
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
    for (const path of paths)
      await post(server.port, path, new Uint8Array(coded.gzip), { ...json, "content-encoding": "gzip" });
    await server.deployment.flush({ to: "store" });
    expect(server.deployment.stats().frames).toMatchObject({ offered: 40, delivered: 40 });
  });
});

describe("policy", () => {
  const policies: readonly PayloadPolicy[] = ["full", "metadata", "hash", "none"];

  test("what is stored of both sides, by route", async () => {
    const policy = ({ path }: { readonly path: string }): PayloadPolicy => path.slice(1) as PayloadPolicy;
    const answer = { body: '{"late":true}' };
    const server = await served({ policy }, Object.fromEntries(policies.map((name) => [`/${name}`, answer])));
    for (const name of policies) await post(server.port, `/${name}`, '{"km":1.0}');
    const { requests, responses } = await server.stored();
    for (const [rows, body] of [
      [requests, '{"km":1.0}'],
      [responses, answer.body],
    ] as const) {
      const nothing = {
        body: null,
        body_bytes: null,
        body_sha256: null,
        body_truncated: false,
        size: body.length,
      };
      expect(byId(rows)).toEqual({
        "/full": expect.objectContaining({ ...nothing, body }),
        "/metadata": expect.objectContaining(nothing),
        "/hash": expect.objectContaining({ ...nothing, body_sha256: sha256(body) }),
      });
    }
  });

  test("of what is redacted the hash is that of what is left", async () => {
    const server = await served({ policy: "hash", redact: { request: ["$.pin"] } });
    await post(server.port, "/a", '{"pin":1234}');
    await post(server.port, "/b", '{"pin":1234');
    const { requests } = await server.stored();
    expect(byId(requests)).toMatchObject({
      "/a": { body: null, size: 12, body_sha256: sha256('{"pin":"***"}') },
      "/b": { body: null, size: 11, body_sha256: null, dropped: "not_json" },
    });
  });

  test("one that fails lets only metadata through, and is told of once", async () => {
    const told: string[] = [];
    const fail = (path: string): unknown => {
      if (path === "/throws") throw new Error("hunter2");
      return path === "/late" ? Promise.reject(new Error("late")) : "everything";
    };
    const options = { policy: ({ path }) => fail(path) as PayloadPolicy } satisfies PayloadOptions;
    const settings: DeploymentOptions = {
      onError: ({ code, message }, { reason }) => void told.push(`${code} ${reason}: ${message}`),
    };
    const server = await served(options, {}, settings);
    for (const path of ["/throws", "/late", "/nonsense", "/throws"]) await post(server.port, path, '{"a":1}');
    const { requests } = await server.stored();
    expect(requests.map(({ body, body_size }) => [body, body_size])).toEqual(
      Array.from({ length: 4 }, () => [null, 7n]),
    );
    expect(told).toEqual([
      'PAYLOAD_OPTION_FAILED policy: option policy of payload logging throws, or answers what it may not; "metadata" counts',
    ]);
  });

  test("an ignore that fails ignores nothing, and is told of once", async () => {
    const told: string[] = [];
    const ignore = (): boolean => {
      throw new Error("hunter2");
    };
    const server = await served(
      { ignore },
      {},
      { onError: ({ code }, { reason }) => void told.push(`${code} ${reason}`) },
    );
    await post(server.port, "/a", "{}");
    await post(server.port, "/b", "{}");
    expect((await server.stored()).requests).toHaveLength(2);
    expect(told).toEqual(["PAYLOAD_OPTION_FAILED ignore"]);
  });
});

test("a text of up to maxBodyBytes is stored whole, whatever other texts may have", async () => {
  const body = JSON.stringify({ text: "é".repeat(400_000) });
  const server = await served({ redact: { request: ["$.x"] } }, { "/a": { body } });
  await post(server.port, "/a", body);
  const { requests, responses } = await server.stored();
  expect(byId(requests)["/a"]?.body).toBe(body);
  expect(byId(responses)["/a"]).toMatchObject({ body, body_truncated: false });
});

describe("a body that is too long", () => {
  test("is cut on a character, with the size and SHA-256 of the whole", async () => {
    const body = `{"text":"${"é😀".repeat(1_000)}"}`;
    const server = await served({ maxBodyBytes: 14 }, { "/a": { body } });
    await post(server.port, "/a", body);
    const { requests, responses } = await server.stored();
    const whole = { body: '{"text":"é', size: 6_011, body_truncated: true, body_sha256: sha256(body) };
    expect(byId(requests)["/a"]).toMatchObject(whole);
    expect(byId(responses)["/a"]).toMatchObject(whole);
  });

  test("is cut on a character in any charset", async () => {
    const server = await served({ maxBodyBytes: 5 });
    const [utf16, shiftJis] = [
      Buffer.from("aéz", "utf16le"),
      Uint8Array.of(0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea),
    ];
    await post(server.port, "/utf16", new Uint8Array(utf16), {
      "content-type": "text/plain; charset=utf-16le",
    });
    await post(server.port, "/sjis", shiftJis, { "content-type": 'text/plain; charset="Shift_JIS"' });
    const { requests } = await server.stored();
    expect(byId(requests)).toMatchObject({
      "/utf16": { body: "aé", size: 6, body_truncated: true, body_sha256: sha256(utf16) },
      "/sjis": { body: "日本", size: 6, body_truncated: true, body_sha256: sha256(shiftJis) },
    });
  });

  test("never takes more than a row has room for: the exchange is stored in any case", async () => {
    const limits = { maxFrameBytes: 512 << 10 };
    const options = { maxBodyBytes: 64 << 20, redact: { response: { "$[*]": { hmacKey: "k" } } } };
    const numbers = `[${Array.from({ length: 20_000 }, (_, i) => i).join()}]`;
    const server = await served(options, { "/a": { body: numbers } }, { limits });
    await post(server.port, "/a", "x".repeat(1 << 20));
    await post(server.port, "/b", Buffer.alloc(400 << 10, 0xe9), {
      "content-type": "text/plain; charset=latin1",
    });
    const { requests, responses } = await server.stored();
    const rows = byId(requests);
    expect(rows["/a"]).toMatchObject({
      size: 1 << 20,
      body_truncated: true,
      body_sha256: sha256("x".repeat(1 << 20)),
    });
    expect(String(rows["/a"]?.body).length).toBeGreaterThan(400 << 10);
    expect(rows["/b"]).toMatchObject({ body: null, size: 400 << 10, body_truncated: false });
    expect(byId(responses)["/a"]).toMatchObject({ body: null, size: numbers.length, dropped: "too_large" });
  });
});
