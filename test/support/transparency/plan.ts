import fc from "fast-check";

/** A header's name and value, as they stand on the wire. */
export type Header = readonly [name: string, value: string];

/** A piece of a body; text is written as text, in the encoding named. */
export type Piece =
  | { readonly kind: "text"; readonly text: string; readonly encoding: BufferEncoding | undefined }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** What a handler does with one request. */
export interface Answer {
  /** True: by the framework's own means; false: by those of `node:http`, where the framework lets one. */
  readonly native: boolean;
  /** What it does with the request's body, before it answers or after. */
  readonly read: "all" | "slowly" | "as text" | "never" | "afterwards";
  readonly status: number;
  readonly headers: readonly Header[];
  /** How the head is given to `node:http`. */
  readonly head: "set" | "object" | "flat" | "pairs" | "both" | "flushed";
  /** An informational head that goes before. */
  readonly informational: "none" | "continue" | "hints" | "processing";
  readonly pieces: readonly Piece[];
  /** How the body is handed over. */
  readonly form: "at once" | "in pieces" | "stream" | "json" | "nothing";
  /** The body's length is told in the head. */
  readonly declared: boolean;
  /** Milliseconds between two pieces; 0: none. */
  readonly pauseMs: number;
  readonly trailers: readonly Header[];
  readonly ending: "end" | "destroy" | "throw" | "hang";
  /** What is said to a request that asks for another protocol; undefined for one that does not. */
  readonly upgrade: "accepted" | "declined" | undefined;
}

/** One request, and what becomes of it. */
export interface PlannedExchange {
  readonly method: string;
  readonly target: string;
  readonly version: "1.1" | "1.0";
  readonly headers: readonly Header[];
  /** Whether the caller gives an id. */
  readonly named: boolean;
  readonly policy: "full" | "hash" | "metadata";
  readonly framing: "none" | "length" | "chunked";
  readonly body: readonly Uint8Array[];
  /** How many bytes the length that is told is off: more than come, or fewer. */
  readonly lengthError: number;
  readonly trailers: readonly Header[];
  readonly answer: Answer;
}

/** How the client goes away before it was answered: after so much of its last request, or of the answer. */
export interface Abort {
  readonly of: "request" | "response";
  /** 0 to 1, of the request; in bytes, of the response. */
  readonly at: number;
  readonly how: "end" | "destroy" | "reset";
}

/** The exchanges of one connection, and how its client behaves. */
export interface Plan {
  readonly exchanges: readonly PlannedExchange[];
  /** All requests go out before the first answer is read. */
  readonly pipelined: boolean;
  /** Where what is sent is cut into writes, 0 to 1 of each request. */
  readonly cuts: readonly number[];
  readonly cutMs: number;
  readonly slowReader: boolean;
  readonly abort: Abort | undefined;
}

const token = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(..."abcXYZ019-_") });
const headerValue = fc.oneof(
  fc.string({ maxLength: 24, unit: fc.constantFrom(...'abc XYZ019;,="%/é') }).map((text) => text.trim()),
  fc.constantFrom("gzip, br", "a=1; Path=/", 'W/"1"', "", "Bearer secret"),
);
const header = fc
  .tuple(
    fc.oneof(
      token.map((name) => `X-${name}`),
      fc.constantFrom("Accept", "aCCept", "Set-Cookie", "Vary"),
    ),
    headerValue,
  )
  .map((pair): Header => pair);
const headers = fc.array(header, { maxLength: 5 });

const text = fc.string({ maxLength: 40, unit: "grapheme" });
const bytes = fc.uint8Array({ maxLength: 60 });
const large = fc
  .integer({ min: 1, max: 40 })
  .map((n) => Uint8Array.from({ length: n * 997 }, (_, i) => (i * n) % 251));
const event = fc
  .string({ maxLength: 20, unit: fc.constantFrom(..."ab é") })
  .map((data) => `id: 1\ndata: ${data}\n\n`);
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.record({
    kind: fc.constant("text" as const),
    text: fc.oneof({ weight: 4, arbitrary: text }, event),
    encoding: fc.constantFrom(undefined, "utf8" as const, "latin1" as const, "utf16le" as const),
  }),
  fc.record({ kind: fc.constant("bytes" as const), bytes: fc.oneof({ weight: 5, arbitrary: bytes }, large) }),
);

const contentType = fc.constantFrom(
  ...["application/json", "text/plain", "text/event-stream", "application/octet-stream"],
  ...["application/json; charset=utf-8", "multipart/form-data; boundary=x", undefined],
);
const statuses = [200, 200, 200, 201, 202, 204, 206, 301, 304, 400, 404, 418, 422, 429, 500, 503, 599];

const answer: fc.Arbitrary<Answer> = fc
  .record({
    native: fc.boolean(),
    read: fc.constantFrom("all", "all", "slowly", "as text", "never", "afterwards"),
    status: fc.constantFrom(...statuses),
    headers,
    type: contentType,
    head: fc.constantFrom("set", "object", "flat", "pairs", "both", "flushed"),
    informational: fc.constantFrom("none", "none", "none", "continue", "hints", "processing"),
    pieces: fc.array(piece, { maxLength: 5 }),
    form: fc.constantFrom("at once", "in pieces", "in pieces", "stream", "json", "nothing"),
    declared: fc.boolean(),
    pauseMs: fc.constantFrom(0, 0, 0, 1, 3),
    trailers: fc.array(
      token.map((name): Header => [`x-${name}`, "1"]),
      { maxLength: 2 },
    ),
    ending: fc.constantFrom("end", "end", "end", "end", "end", "end", "end", "destroy", "throw"),
    upgrade: fc.constantFrom(...Array.from({ length: 14 }, () => undefined), "accepted", "declined"),
  } as const)
  .map(
    ({ type, ...rest }): Answer => ({
      ...rest,
      headers: type === undefined ? rest.headers : [["Content-Type", type], ...rest.headers],
    }),
  );

const target = fc
  .tuple(
    fc.constantFrom("/score", "/score/a%20b", "/score/%C3%A9/", "/score//x", "/score/x;y=1", "/SCORE/.x"),
    fc.constantFrom("", "", "?", "?a=1&b=%26&a=2", "?x=%zz&é", "?q=a+b#c"),
  )
  .map(([path, query]) => path + query.replace("é", "%C3%A9").replace("#c", ""));

const exchange: fc.Arbitrary<PlannedExchange> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"),
    target,
    version: fc.constantFrom("1.1", "1.1", "1.1", "1.1", "1.1", "1.0"),
    headers,
    type: contentType,
    expects: fc.constantFrom(false, false, false, false, false, true),
    named: fc.constantFrom(true, true, true, false),
    policy: fc.constantFrom("full", "full", "full", "hash", "metadata"),
    framing: fc.constantFrom("none", "length", "length", "chunked"),
    body: fc.array(fc.oneof({ weight: 3, arbitrary: text.map((text) => Buffer.from(text)) }, bytes, large), {
      maxLength: 4,
    }),
    lengthError: fc.constantFrom(...Array.from({ length: 12 }, () => 0), -7, 7, 10_000),
    trailers: fc.array(
      token.map((name): Header => [`X-${name}`, "t"]),
      { maxLength: 2 },
    ),
    answer,
  } as const)
  .map(
    ({ type, expects, ...rest }): PlannedExchange => ({
      ...rest,
      framing: rest.version === "1.0" && rest.framing === "chunked" ? "length" : rest.framing,
      headers: [
        ...rest.headers,
        ...(type === undefined ? [] : [["content-Type", type] as const]),
        ...(expects && rest.framing !== "none" && rest.version === "1.1"
          ? [["Expect", "100-continue"] as const]
          : []),
      ],
    }),
  );

/** All that can happen on one connection. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    exchanges: fc.array(exchange, { minLength: 1, maxLength: 4 }),
    pipelined: fc.boolean(),
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    cutMs: fc.constantFrom(0, 0, 1),
    slowReader: fc.constantFrom(false, false, false, true),
    abort: fc.option(
      fc.record({
        of: fc.constantFrom("request", "response", "response"),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        how: fc.constantFrom("end", "destroy", "reset"),
      } as const),
      { freq: 4, nil: undefined },
    ),
  })
  .map(consistent);

/** What cannot be together, made so that it can. */
function consistent(plan: Plan): Plan {
  const last = plan.exchanges.length - 1;
  const [end] = plan.exchanges.slice(last) as [PlannedExchange];
  const upgrades = end.answer.upgrade !== undefined;
  const pipelined = plan.pipelined && !upgrades;
  const abort = upgrades ? undefined : (plan.abort ?? waitingForMore(end));
  // An abort leaves one exchange open; what ends the connection by itself comes last.
  const exchanges = plan.exchanges.map((exchange, i): PlannedExchange => {
    if (i === last && upgrades) return upgrading(exchange);
    const { answer } = exchange;
    const early = i < last;
    const waits = abort?.of === "response" && !early;
    return {
      ...exchange,
      version: early ? "1.1" : exchange.version,
      lengthError: early || waits ? 0 : lengthErrorOf(exchange),
      // Node writes informational heads at once, into the answer before, if that is still under way.
      headers: exchange.headers.filter(([name]) => !(pipelined && i > 0 && name === "Expect")),
      // Node sends the head of an answer to HEAD when it ends.
      method: waits && exchange.method === "HEAD" ? "GET" : exchange.method,
      answer: {
        ...answer,
        upgrade: undefined,
        informational: pipelined && i > 0 ? "none" : answer.informational,
        ending: waits ? "hang" : early && answer.ending === "destroy" ? "end" : answer.ending,
        // Something must come of an answer that hangs, or its client would wait for ever.
        ...(waits ? hanging(answer) : {}),
      },
    };
  });
  return {
    ...plan,
    pipelined,
    exchanges,
    abort: abort?.of === "response" ? { ...abort, at: 1 + Math.floor(abort.at * 200) } : abort,
  };
}

/** Only a length that is told can be wrong, and only what comes can be too much. */
function lengthErrorOf({ framing, body, lengthError }: PlannedExchange): number {
  const length = body.reduce((sum, chunk) => sum + chunk.length, 0);
  return framing === "length" && length + lengthError >= 0 ? lengthError : 0;
}

/** Of a body that is shorter than was told, a server would wait for the rest for ever. */
function waitingForMore(exchange: PlannedExchange): Abort | undefined {
  return lengthErrorOf(exchange) > 0 ? { of: "request", at: 1, how: "end" } : undefined;
}

/** Asks for another protocol, in which the body is what is said then. */
function upgrading(exchange: PlannedExchange): PlannedExchange {
  const wish: Header[] = [
    ["Connection", "Upgrade"],
    ["Upgrade", "echo"],
  ];
  const headers = [...exchange.headers.filter(([name]) => name !== "Expect"), ...wish];
  const answer: Answer = { ...exchange.answer, ending: "end" };
  return { ...exchange, method: "GET", version: "1.1", framing: "none", lengthError: 0, headers, answer };
}

function hanging({ pieces, headers, read }: Answer): Partial<Answer> {
  const first: Piece = { kind: "text", text: "data: 1\n\n", encoding: undefined };
  return {
    status: 200,
    headers: headers.filter(([name]) => name.toLowerCase() !== "content-length"),
    form: "stream",
    declared: false,
    pieces: [first, ...pieces],
    read: read === "afterwards" ? "all" : read,
  };
}
