import { createHash } from "node:crypto";
import { bodyOf, type Heard } from "./client.ts";
import { hasOverrun, leavesUnread } from "./compare.ts";
import { bytesOf } from "./handler.ts";
import type { Header, Plan, PlannedExchange } from "./plan.ts";
import type { Subject } from "./subjects.ts";
import { type HeardResponse, headerValues, readResponses } from "./wire.ts";

type Row = Readonly<Record<string, unknown>>;

/** One exchange that was played against the server with logging. */
export interface Played {
  readonly label: string;
  readonly subject: Subject;
  readonly plan: Plan;
  readonly exchange: PlannedExchange;
  /** What the client of its connection saw. */
  readonly heard: Heard;
  /** Its place on the connection. */
  readonly index: number;
  readonly methods: readonly string[];
  /** Whether the handler was asked. */
  served(): boolean;
  /** Its client left. */
  readonly aborted: boolean;
}

/** What of the stored rows is not what crossed the wire. */
export function storedProblems(
  played: readonly Played[],
  { requests, responses }: { readonly requests: readonly Row[]; readonly responses: readonly Row[] },
): string[] {
  const byLabel = grouped(requests, (row) => labelIn(row["http_headers"]));
  const byId = grouped(responses, (row) => String(row["mdc_correlation_id"]));
  return played.flatMap((one) => {
    const found = byLabel.get(one.label) ?? [];
    const hasRow = one.exchange.answer.upgrade === undefined || one.subject.isProxy === true;
    if (!hasRow) return found.length === 0 ? [] : [`${one.label}: a row of an upgrade`];
    if (found.length === 0 && !one.served()) return [];
    if (found.length !== 1) return [`${one.label}: ${found.length} rows of the request`];
    const request = found[0] as Row;
    const ids = byId.get(String(request["mdc_correlation_id"])) ?? [];
    if (ids.length !== 1) return [`${one.label}: ${ids.length} rows of the response`];
    const response = ids[0] as Row;
    const problems = [...requestProblems(one, request), ...responseProblems(one, response)];
    return problems.map((problem) => `${one.label}: ${problem}`);
  });
}

function grouped(rows: readonly Row[], key: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}

function labelIn(headers: unknown): string {
  return String((JSON.parse(String(headers ?? "{}")) as Record<string, unknown>)["x-plan"]);
}

function requestProblems(one: Played, row: Row): string[] {
  const { exchange, label } = one;
  const { method, target, named, policy, headers } = exchange;
  const [path = "", query] = target.split(/\?(.*)/s);
  const sent = bodyOf(exchange);
  const types = headerValues(headers, "content-type");
  const size = Number(row["body_size"]);
  const problems = [
    ...differences(row, {
      http_method: method,
      http_path: path,
      http_query: query ?? null,
      content_type: types[0] ?? null,
      ...(named ? { mdc_correlation_id: label } : {}),
    }),
    ...bodyProblems("request", row, {
      least: Buffer.alloc(0),
      most: sent,
      policy,
      isWhole: readsAll(one) && !isWithoutBody(one),
    }),
  ];
  if (isWithoutBody(one)) return problems;
  if (exchange.lengthError > 0 && policy === "full" && row["body_truncated"] !== true)
    problems.push("request: said to be whole, though less came than was told");
  if (size === sent.length) return problems;
  if (row["body_truncated"] === false && policy === "full")
    problems.push(`request: said to be whole with ${size} of ${sent.length} bytes`);
  if (readsAll(one)) problems.push(`request: ${size} of ${sent.length} bytes, though it was read`);
  return problems;
}

function isWithoutBody({ subject, exchange: { method } }: Played): boolean {
  return subject.isFetch === true && (method === "GET" || method === "HEAD");
}

function readsAll({ aborted, plan, exchange: { answer } }: Played): boolean {
  if (plan.abort !== undefined && plan.pipelined) return false;
  return !aborted && answer.ending !== "throw" && answer.read !== "never" && answer.read !== "afterwards";
}

function responseProblems(one: Played, row: Row): string[] {
  const { exchange, heard, index, methods, aborted, plan } = one;
  const { answer, policy } = exchange;
  if (answer.upgrade === "accepted") return tunnelProblems(one, row);
  // What is no request, or none any more, ends the connection: which answers are out by then, is chance.
  const breaks = hasOverrun(plan) || plan.abort?.of === "request";
  const received = breaks ? beforeOpinion(heard.received) : heard.received;
  const response = readResponses(received, methods, true)[index];
  if (breaks && response?.whole !== true) return brokenProblems(one, response, row);
  const most = Buffer.concat(answer.pieces.map(bytesOf));
  const cut = aborted || answer.ending === "destroy" || response === undefined || !response.whole;
  const problems = orderProblems(row);
  // What the platform makes of a handler that throws is not the handler's answer.
  if (one.subject.isInner && answer.ending === "throw") {
    const outcome =
      plan.abort !== undefined && row["outcome"] === "client_aborted" ? "client_aborted" : "error";
    return differences(row, { outcome, http_status: null, body_size: 0n });
  }
  if (response === undefined) return [...problems, ...outcomeProblems(one, undefined, row)];
  // In place of the answer a server says of its own that the handler threw; of that, too, a part may come.
  const whole = answer.ending === "throw" ? (keptOf(row) ?? most) : most;
  const body = {
    least: response.body,
    most: cut && row["http_status"] !== 502n ? longer(response.body, whole) : response.body,
    policy,
    isWhole: true,
  };
  return [
    ...problems,
    ...outcomeProblems(one, response, row),
    ...differences(row, {
      http_status: BigInt(response.status || 0),
      ...(isAdded(one) ? {} : { content_type: typeIn(response.headers) }),
      ...(cut
        ? {}
        : {
            body_size: BigInt(response.body.length),
            bytes_sent: BigInt(response.body.length),
            body_truncated: policy === "full" && response.body.length > 8_192,
          }),
    }),
    ...bodyProblems("response", row, body),
    ...(Number(row["bytes_sent"]) < response.body.length
      ? [`response: the client took ${response.body.length} bytes, said to be ${row["bytes_sent"]}`]
      : []),
  ];
}

/**
 * What came before the server's word on what is no request, which stands anywhere, also within the answer to
 * another one: Node's, or Fastify's.
 */
function beforeOpinion(received: Buffer): Buffer {
  const head = "HTTP/1.1 400 Bad Request\r\n";
  const all = received.toString("latin1");
  const own = [
    `${head}Connection: close\r\n\r\n`,
    `${head}Content-Length: 65\r\nContent-Type: application/json`,
  ];
  const at = Math.max(...own.map((text) => all.lastIndexOf(text)));
  return at === -1 ? received : received.subarray(0, at);
}

/** Of an answer that was not out when its connection broke: what is stored is of the plan, as far as it goes. */
function brokenProblems(
  { exchange, subject }: Played,
  response: HeardResponse | undefined,
  row: Row,
): string[] {
  const { answer, policy } = exchange;
  const [status, outcome] = [row["http_status"], String(row["outcome"])];
  const problems = orderProblems(row);
  const statuses = [answer.status];
  if (answer.ending === "throw") statuses.push(500);
  // A framework says so of an answer without a body, or of one whose client has left.
  if (answer.native) statuses.push(204, 500);
  if (subject.isProxy) statuses.push(502);
  if (status !== null && !statuses.includes(Number(status)))
    problems.push(`status ${status}, expected none or ${statuses.join(" or ")}`);
  const outcomes = ["complete", "client_aborted", "server_aborted", "error"];
  if (!outcomes.includes(outcome)) problems.push(`outcome ${outcome}, expected ${outcomes.join(" or ")}`);
  const least = response?.body ?? Buffer.alloc(0);
  if (Number(row["bytes_sent"]) < least.length)
    problems.push(`response: the client took ${least.length} bytes, said to be ${row["bytes_sent"]}`);
  // Of these the server makes the text.
  if (answer.ending === "throw" || answer.form === "json" || status === 502n) return problems;
  // Koa says nothing of type JSON as `null`.
  const nothing = Buffer.from(answer.native && subject.name === "Koa 3" ? "null" : "");
  const most = answer.form === "nothing" ? nothing : Buffer.concat(answer.pieces.map(bytesOf));
  return [...problems, ...bodyProblems("response", row, { least, most, policy, isWhole: false })];
}

/** The first byte comes before the end. */
function orderProblems(row: Row): string[] {
  const times = [0, row["first_byte_ms"] ?? 0, row["duration_ms"]].map(Number);
  return times.toSorted((a, b) => a - b).join() === times.join() ? [] : [`times are ${times.join(", ")}`];
}

function tunnelProblems({ exchange: { body } }: Played, row: Row): string[] {
  const said = BigInt(Buffer.concat(body).length);
  return differences(row, { http_status: 101n, bytes_sent: said, body_size: 0n, outcome: "complete" });
}

function typeIn(headers: readonly Header[]): string | null {
  return headerValues(headers, "content-type").join(", ") || null;
}

/** The platform tells a type where the handler told none. */
function isAdded({ subject, exchange: { answer } }: Played): boolean {
  return subject.isInner === true && typeIn(answer.headers) === null;
}

function longer(a: Buffer, b: Buffer): Buffer {
  return a.length > b.length ? a : b;
}

/** Who can have ended it. */
function outcomeProblems(
  { exchange, aborted, plan }: Played,
  response: HeardResponse | undefined,
  row: Row,
): string[] {
  const { ending, declared, status } = exchange.answer;
  // All of it is the head.
  const isBare = exchange.method === "HEAD" || status === 204 || status === 304;
  const outcome = String(row["outcome"]);
  // The proxy's own answer, in place of a server that has broken off.
  if (row["http_status"] === 502n && ending === "destroy") return outcome === "error" ? [] : [outcome];
  // Of a body without a length nobody can say that it is whole.
  const framed = ["content-length", "transfer-encoding"].some(
    (name) => headerValues(response?.headers ?? [], name).length > 0,
  );
  const whole = response?.whole === true && (framed || ending !== "destroy");
  const allowed =
    aborted && ending === "hang"
      ? // A connection that nobody reads from is not seen to end, until the server ends it.
        [
          "client_aborted",
          ...(plan.exchanges.some(({ answer }) => leavesUnread(answer)) ? ["server_aborted"] : []),
        ]
      : whole && plan.abort === undefined
        ? // All of the length that was told is there before the handler says that this was all.
          ["complete", ...(declared || isBare ? ["client_aborted", "server_aborted"] : [])]
        : plan.abort === undefined
          ? ["server_aborted", "error", ...(whole || plan.pipelined || isBare ? ["complete"] : [])]
          : ["complete", "client_aborted", "server_aborted", "error"];
  return allowed.includes(outcome) ? [] : [`outcome ${outcome}, expected ${allowed.join(" or ")}`];
}

interface Expected {
  readonly least: Buffer;
  readonly most: Buffer;
  readonly policy: string;
  /** Of a body that was not read to its end there is no hash. */
  readonly isWhole: boolean;
}

/** The stored body begins as the whole one, and is no shorter than what is known to have come. */
function bodyProblems(side: string, row: Row, { least, most, policy, isWhole }: Expected): string[] {
  const size = Number(row["body_size"]);
  const problems: string[] = [];
  if (size < least.length || size > most.length)
    problems.push(`${side}: ${size} bytes, expected ${least.length} to ${most.length}`);
  const whole = most.subarray(0, size);
  const kept = keptOf(row);
  const sha256 = createHash("sha256").update(whole).digest("hex");
  const hashed = row["body_sha256"];
  if (hashed !== null && hashed !== sha256) problems.push(`${side}: the hash is of something else`);
  if (policy === "hash" && hashed === null && isWhole) problems.push(`${side}: no hash`);
  if (policy !== "full")
    return kept === undefined ? problems : [...problems, `${side}: a body in spite of ${policy}`];
  const bytes = kept ?? Buffer.alloc(0);
  if (!whole.subarray(0, bytes.length).equals(bytes))
    problems.push(
      `${side}: the body is another one: ${bytes.toString("latin1").slice(0, 60)} of ${whole.toString("latin1").slice(0, 60)}`,
    );
  if (bytes.length < size && row["body_truncated"] !== true) problems.push(`${side}: cut without a mark`);
  // The last character of a text may be cut, and is left out.
  if (bytes.length < size - 3 && hashed === null && isWhole) problems.push(`${side}: cut, and no hash`);
  if (bytes.length < Math.min(size, 8_192) - 3)
    problems.push(`${side}: ${bytes.length} of ${size} bytes kept`);
  return problems;
}

function keptOf(row: Row): Buffer | undefined {
  if (row["body"] !== null) return Buffer.from(String(row["body"]));
  if (row["body_bytes"] !== null) return Buffer.from(String(row["body_bytes"]).slice(1), "hex");
  return undefined;
}

function differences(row: Row, expected: Row): string[] {
  return Object.entries(expected).flatMap(([name, value]) =>
    row[name] === value ? [] : [`${name} is ${String(row[name])}, expected ${String(value)}`],
  );
}
