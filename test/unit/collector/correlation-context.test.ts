import http from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import * as fc from "fast-check";
import { validate, version } from "uuid";
import { describe, expect, it } from "vitest";
import type { HeadersLike } from "../../../src/collector/context/context-headers.ts";
import type { ContextOptions } from "../../../src/collector/context/context-options.ts";
import { CorrelationContext } from "../../../src/collector/context/correlation-context.ts";
import { currentContext, runWithContext } from "../../../src/collector/context/current-context.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe("create", () => {
  it("makes a UUIDv7 and takes the time of now", () => {
    const before = Date.now();
    const context = CorrelationContext.create();
    expect(validate(context.id) && version(context.id)).toBe(7);
    expect(context.requestTimeMs).toBeGreaterThanOrEqual(before);
    expect(context.requestTimeMs).toBeLessThanOrEqual(Date.now());
    expect(context.attributes).toEqual({});
    expect(context.requestId).toBeNull();
    expect(context.tagsText).toBeNull();
    expect(context.sampled).toEqual(new Map());
  });

  it("makes a new id each time, also when options are absent or undefined", () => {
    const ids = [
      CorrelationContext.create().id,
      CorrelationContext.create({}).id,
      CorrelationContext.create({ id: undefined, requestTime: undefined, attributes: undefined }).id,
    ];
    expect(new Set(ids).size).toBe(3);
  });

  it("takes what the caller gives", () => {
    const requestTime = new Date("2026-11-22T05:06:07.089Z");
    const context = CorrelationContext.create({ id: "日本 42", requestTime, attributes: { tenant: "acme" } });
    expect(context.id).toBe("日本 42");
    expect(context.requestTime).toEqual(requestTime);
    expect(context.attributes).toEqual({ tenant: "acme" });
    expect(context.tagsText).toBe('{"tenant":"acme"}');
  });

  it("is changed by nobody afterwards", () => {
    const requestTime = new Date(1_000);
    const attributes = { tenant: "acme" };
    const context = CorrelationContext.create({ id: "a", requestTime, attributes });
    requestTime.setTime(2_000);
    attributes.tenant = "other";
    context.requestTime.setTime(3_000);
    expect(() => Object.assign(context.attributes, { tenant: "other" })).toThrow(TypeError);
    (context.sampled as Map<string, boolean>).set("x", true);
    expect(context.requestTimeMs).toBe(1_000);
    expect(context.attributes).toEqual({ tenant: "acme" });
    expect(context.sampled.size).toBe(0);
  });

  it("knows no special attribute names", () => {
    const attributes = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, string>;
    const context = CorrelationContext.create({ attributes });
    expect(Object.entries(context.attributes)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(context.tagsText).toBe('{"__proto__":"a","constructor":"b"}');
    expect(CorrelationContext.create().attributes["toString"]).toBeUndefined();
  });

  const id = "a text of 1 to 512 characters without control characters or line separators";
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, ""]));
  it.each<[options: unknown, message: string]>([
    [null, "TypeError: CorrelationContext.create options: expected a plain object, got null"],
    [
      "order-42",
      "TypeError: CorrelationContext.create options: expected a plain object, got a text of 8 characters",
    ],
    [
      { Id: "a" },
      'RangeError: CorrelationContext.create options: expected a known name (did you mean "id"?), got "Id"',
    ],
    [{ id: 42 }, `TypeError: CorrelationContext.create option id: expected ${id}, got a number`],
    [{ id: "" }, `RangeError: CorrelationContext.create option id: expected ${id}, got an empty text`],
    [
      { id: "a\r\nb" },
      `RangeError: CorrelationContext.create option id: expected ${id}, got a text of 4 characters`,
    ],
    [
      { id: "a\u2028b" },
      `RangeError: CorrelationContext.create option id: expected ${id}, got a text of 3 characters`,
    ],
    [
      { id: "\ud800" },
      `RangeError: CorrelationContext.create option id: expected ${id}, got a text of 1 character`,
    ],
    [
      { id: "x".repeat(513) },
      `RangeError: CorrelationContext.create option id: expected ${id}, got a text of 513 characters`,
    ],
    [
      { requestTime: 1_700_000_000 },
      "TypeError: CorrelationContext.create option requestTime: expected a valid Date from 1970 to 9999, got a number",
    ],
    ...[new Date(Number.NaN), new Date(-1), new Date("+010000-01-01")].map(
      (requestTime): [unknown, string] => [
        { requestTime },
        "RangeError: CorrelationContext.create option requestTime: expected a valid Date from 1970 to 9999, got an object (Date)",
      ],
    ),
    [
      { attributes: new Map() },
      "TypeError: CorrelationContext.create option attributes: expected a plain object, got an object (Map)",
    ],
    [
      { attributes: { a: 1 } },
      "TypeError: CorrelationContext.create option attributes.a: expected a text of at most 4096 characters, got a number",
    ],
    [
      { attributes: { a: "x".repeat(4097) } },
      `RangeError: CorrelationContext.create option attributes.a: expected a text of at most 4096 characters, got a text of 4097 characters`,
    ],
    [
      { attributes: { "": "a" } },
      'RangeError: CorrelationContext.create option attributes, name of an attribute: expected 1 to 128 characters, got ""',
    ],
    [
      { attributes: many },
      "RangeError: CorrelationContext.create option attributes: expected at most 64 attributes, got 65",
    ],
  ])("refuses %j", (options, message) => {
    let error: unknown;
    try {
      CorrelationContext.create(options as ContextOptions);
    } catch (thrown) {
      error = thrown;
    }
    expect(String(error)).toBe(message);
  });
});

describe("fromHeaders", () => {
  const from = (headers: unknown) => CorrelationContext.fromHeaders(headers as HeadersLike);
  const isNew = ({ id }: CorrelationContext) => validate(id) && version(id) === 7;

  it.each<[kind: string, headers: HeadersLike]>([
    ["a fetch Headers", new Headers({ "X-Request-ID": "r-1", Other: "x" })],
    ["an object in lower case", { "x-request-id": "r-1" }],
    ["an object in any case", { Host: "a", "X-REQUEST-ID": "r-1" }],
    ["an object of arrays", { "x-request-id": ["r-1", "r-2"] }],
    ["an object without prototype", Object.assign(Object.create(null), { "X-Request-Id": "r-1" })],
    ["a Map in any case", new Map([["X-Request-Id", "r-1"]])],
    [
      "pairs",
      [
        ["Host", "a"],
        ["X-Request-Id", "r-1"],
        ["x-request-id", "r-2"],
      ],
    ],
    ["raw headers", ["Host", "a", "X-Request-Id", "r-1", "x-request-id", "r-2"]],
    ["an object with blanks around the value", { "x-request-id": " r-1\t" }],
  ])("finds the request id in %s", (_, headers) => {
    const context = from(headers);
    expect(context.id).toBe("r-1");
    expect(context.requestId).toBe("r-1");
  });

  it("asks x-request-id, then x-ms-client-request-id, then traceparent, then makes an id", () => {
    const headers = { traceparent, "x-ms-client-request-id": "ms", "x-request-id": "x" };
    expect(from(headers)).toMatchObject({ id: "x", attributes: { traceparent } });
    expect(from({ ...headers, "x-request-id": "" }).id).toBe("ms");
    expect(from({ traceparent })).toMatchObject({
      id: traceId,
      requestId: null,
      attributes: { traceparent },
    });
    expect(isNew(from({}))).toBe(true);
    expect(from({}).attributes).toEqual({});
  });

  it("keeps both request ids, each as what it is", () => {
    const both = { "x-request-id": "platform", "x-ms-client-request-id": "UTF-8''%E6%97%A5" };
    expect(from(both)).toMatchObject({ id: "platform", requestId: "platform", clientRequestId: "日" });
    expect(from({ "x-request-id": "p" })).toMatchObject({ requestId: "p", clientRequestId: null });
    expect(from({ "x-ms-client-request-id": "c" })).toMatchObject({ requestId: null, clientRequestId: "c" });
    expect(from({ ...both, "x-ms-client-request-id": "x".repeat(513) }).clientRequestId).toBeNull();
    expect(CorrelationContext.create({ id: "a" })).toMatchObject({ requestId: null, clientRequestId: null });
  });

  it.each([
    ["too long", "x".repeat(513)],
    ["with a line break", "a\r\nset-cookie: b"],
    ["with a NUL", "a\0b"],
    ["empty", ""],
    ["blank", "   "],
    ["a lone surrogate", "\ud800"],
    ["UTF-8 read as Latin-1", Buffer.from("日本").toString("latin1")],
    ["with a hidden line break", "UTF-8''a%0D%0Ab"],
    ["with a broken encoding", "UTF-8''%E6%97"],
    ["no text", 42],
    ["no texts", [42, null]],
  ])("takes a request id that is %s for absent", (_, value) => {
    expect(isNew(from({ "x-request-id": value }))).toBe(true);
    expect(from({ "x-request-id": value }).requestId).toBeNull();
    expect(from({ "x-request-id": value, "x-ms-client-request-id": "ms" }).id).toBe("ms");
    expect(from({ "x-request-id": value, traceparent }).id).toBe(traceId);
  });

  it.each([
    `00-${traceId.toUpperCase()}-b7ad6b7169203331-01`,
    `ff-${traceId}-b7ad6b7169203331-01`,
    `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `${traceparent}-extra`,
    `00-${traceId}-b7ad6b7169203331`,
    `00-${traceId.slice(1)}-b7ad6b7169203331-01`,
    `01-${traceId}-b7ad6b7169203331-01.extra`,
    `01-${traceId}-b7ad6b7169203331-01-${"x".repeat(512)}`,
    "",
  ])("takes the traceparent %s for absent", (value) => {
    const context = from({ traceparent: value, tracestate: "a=1" });
    expect(isNew(context)).toBe(true);
    expect(context.attributes).toEqual({});
    expect(Object.keys(context.toHeaders())).toEqual(["x-request-id", "x-ms-client-request-id"]);
  });

  it("takes a traceparent of a later version", () => {
    expect(from({ traceparent: `01-${traceId}-b7ad6b7169203331-01-what-comes` }).id).toBe(traceId);
  });

  it("never throws, whatever it is given", () => {
    const throwing = {
      get "x-request-id"(): string {
        throw new Error("hostile");
      },
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("hostile");
        },
      },
    );
    const lying = { get: () => ({ toString: () => "r-1" }) };
    const values = [
      null,
      undefined,
      42,
      "x-request-id",
      () => {},
      Symbol("a"),
      [],
      [[]],
      [null],
      throwing,
      proxy,
      lying,
    ];
    for (const headers of [
      ...values,
      { get: null },
      {
        get: () => {
          throw new Error("hostile");
        },
      },
    ]) {
      expect(isNew(from(headers))).toBe(true);
    }
    fc.assert(
      fc.property(fc.anything({ withMap: true, withNullPrototype: true }), (headers) => {
        expect(isNew(from(headers))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("reads what a real server gets from a real client", async () => {
    const seen: CorrelationContext[] = [];
    const server = http.createServer((request, response) => {
      seen.push(from(request.headers), from(request.rawHeaders), from(request.headersDistinct));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const sent = from({
        "x-request-id": "UTF-8''%E6%97%A5%20%E6%9C%AC",
        traceparent,
        tracestate: "a=1,b=2",
      });
      const { port } = server.address() as AddressInfo;
      await (await fetch(`http://127.0.0.1:${port}`, { headers: sent.toHeaders() })).arrayBuffer();
      expect(seen.map(({ id }) => id)).toEqual(["日 本", "日 本", "日 本"]);
      expect(seen.map((context) => context.toHeaders())).toEqual(
        [sent, sent, sent].map((context) => context.toHeaders()),
      );
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe("toHeaders", () => {
  it("carries the id, and the trace as it came", () => {
    expect(CorrelationContext.create({ id: "order 42" }).toHeaders()).toEqual({
      "x-request-id": "order 42",
      "x-ms-client-request-id": "order 42",
    });
    const headers = { "x-request-id": "r-1", traceparent, tracestate: ["a=1", "b=2"] };
    expect(CorrelationContext.fromHeaders(headers).toHeaders()).toEqual({
      "x-request-id": "r-1",
      "x-ms-client-request-id": "r-1",
      traceparent,
      tracestate: "a=1,b=2",
    });
  });

  it("passes on the id that the caller sent, whatever a platform put in the other one's place", () => {
    const headers = { "x-request-id": "platform", "x-ms-client-request-id": "caller" };
    expect(CorrelationContext.fromHeaders(headers).toHeaders()).toEqual(headers);
  });

  it("leaves out a trace that is none, and a state that is unsafe", () => {
    expect(
      CorrelationContext.create({ attributes: { traceparent: "a\r\nb" } }).toHeaders(),
    ).not.toHaveProperty("traceparent");
    for (const tracestate of ["a\r\nb", "ü", "x".repeat(513), ""]) {
      expect(CorrelationContext.fromHeaders({ traceparent, tracestate }).toHeaders()).not.toHaveProperty(
        "tracestate",
      );
    }
  });

  it("writes an id that is not ASCII as RFC 8187 has it", () => {
    expect(CorrelationContext.create({ id: "£ and € rates" }).toHeaders()["x-request-id"]).toBe(
      "UTF-8''%C2%A3%20and%20%E2%82%AC%20rates",
    );
    expect(CorrelationContext.create({ id: "ü'(*)" }).toHeaders()["x-request-id"]).toBe(
      "UTF-8''%C3%BC%27%28%2A%29",
    );
  });

  it("gives the next service the same id, whatever the id is", () => {
    const anyId = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.oneof(
          anyId,
          anyId.map((id) => `UTF-8''${id}`),
          anyId.map((id) => ` ${id} `),
        ),
        (id) => {
          let context: CorrelationContext;
          try {
            context = CorrelationContext.create({ id });
          } catch {
            return;
          }
          // `Headers` refuses what no HTTP message could carry.
          expect(CorrelationContext.fromHeaders(new Headers(context.toHeaders())).id).toBe(id);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("sampled", () => {
  it("tells what each collection decided, the newest decision of each", () => {
    const context = CorrelationContext.create();
    context.noteSampled("model_inputs", true);
    context.noteSampled("model_outputs", false);
    expect(context.sampled).toEqual(
      new Map([
        ["model_inputs", true],
        ["model_outputs", false],
      ]),
    );
    context.noteSampled("model_outputs", true);
    expect(context.sampled.get("model_outputs")).toBe(true);
    expect(context.sampled.size).toBe(2);
  });
});

describe("as text", () => {
  const context = CorrelationContext.create({ id: "a", requestTime: new Date(0), attributes: { b: "c" } });

  it("is its id", () => {
    expect(String(context)).toBe("a");
  });

  it("is plain data in JSON", () => {
    expect(JSON.parse(JSON.stringify(context))).toEqual({
      id: "a",
      requestTime: "1970-01-01T00:00:00.000Z",
      requestId: null,
      clientRequestId: null,
      attributes: { b: "c" },
    });
  });

  it("shows itself when inspected", () => {
    expect(inspect(context)).toContain("id: 'a'");
  });
});

describe("runWithContext", () => {
  it("is the current context of all that is started and awaited in it, and of nothing else", async () => {
    const outer = CorrelationContext.create({ id: "outer" });
    const inner = CorrelationContext.create({ id: "inner" });
    expect(currentContext()).toBeUndefined();
    const later = await runWithContext(outer, async () => {
      expect(currentContext()).toBe(outer);
      expect(runWithContext(inner, () => currentContext())).toBe(inner);
      await Promise.all([
        runWithContext(inner, async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          expect(currentContext()).toBe(inner);
        }),
        new Promise((resolve) => setImmediate(resolve)).then(() => expect(currentContext()).toBe(outer)),
      ]);
      return currentContext();
    });
    expect(later).toBe(outer);
    expect(currentContext()).toBeUndefined();
  });

  it("gives back what the function returns, and lets through what it throws", () => {
    const context = CorrelationContext.create();
    expect(runWithContext(context, () => 42)).toBe(42);
    expect(() =>
      runWithContext(context, () => {
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(currentContext()).toBeUndefined();
  });

  it("refuses what is no context or no function", () => {
    expect(() => runWithContext({ id: "a" } as never, () => 1)).toThrow(
      "runWithContext argument context: expected a CorrelationContext, got an object (Object)",
    );
    expect(() => runWithContext(CorrelationContext.create(), "x" as never)).toThrow(
      "runWithContext argument run: expected a function, got a text of 1 character",
    );
  });
});
