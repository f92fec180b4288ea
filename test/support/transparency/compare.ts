import type { Heard } from "./client.ts";
import type { Answer, Plan, PlannedExchange } from "./plan.ts";
import { type HeardResponse, headerValues, readResponses } from "./wire.ts";

/**
 * How what two clients received differs; undefined if it does not. What may: the date, and the id that is
 * told to a caller who gave none.
 */
export function bytesDiffer(plan: Plan, plain: Heard, logged: Heard): string | undefined {
  if (plain.stuck || logged.stuck) {
    return plain.stuck && logged.stuck
      ? "the plan has no end"
      : `nothing more came ${plain.stuck ? "without" : "with"} logging`;
  }
  if (hasOverrun(plan)) return undefined;
  const [a, b] = [comparable(plain.received), comparable(logged.received)];
  const last = plan.exchanges.at(-1)?.answer.ending;
  // Of a connection that somebody cuts, it is chance how much still arrives.
  const cut = plan.abort !== undefined || last === "destroy" || mayBeReset(plan);
  const common = cut ? Math.min(a.length, b.length) : Math.max(a.length, b.length);
  if (a.slice(0, common) === b.slice(0, common)) return undefined;
  let at = 0;
  while (a[at] === b[at]) at++;
  const from = Math.max(0, at - 60);
  return `at ${at}: ${JSON.stringify(a.slice(from, at + 60))} without, ${JSON.stringify(b.slice(from, at + 60))} with logging`;
}

/**
 * How the answers differ that two clients received, one of them through a proxy; undefined if they do not.
 * What may besides: headers for one hop alone, and how a body is framed.
 */
export function answersDiffer(plan: Plan, plain: Heard, logged: Heard): string | undefined {
  if (plain.stuck || logged.stuck) return bytesDiffer(plan, plain, logged);
  if (hasOverrun(plan)) return undefined;
  const [a, b] = [plain, logged].map((heard) => answersIn(plan, heard)) as [Answers, Answers];
  const last = plan.exchanges.at(-1)?.answer.ending;
  const isCut = plan.abort !== undefined || last === "destroy" || mayBeReset(plan);
  const count = Math.min(a.responses.length, b.responses.length);
  if (!isCut && a.responses.length !== b.responses.length)
    return `${a.responses.length} answers without, ${b.responses.length} through the proxy`;
  if (a.tunnel !== b.tunnel)
    return `in the other protocol ${a.tunnel} without, ${b.tunnel} through the proxy`;
  for (let i = 0; i < count; i++) {
    const exchange = plan.exchanges[i] as PlannedExchange;
    const [one, other] = [a.responses[i], b.responses[i]] as [HeardResponse, HeardResponse];
    if (isCut && isOwn(other)) return undefined;
    const [left, right] = [one, other].map((answer) => comparableAnswer(exchange, answer));
    if (left !== right) return `answer ${i}: ${left} without, ${right} through the proxy`;
    const common = isCut ? Math.min(one.body.length, other.body.length) : undefined;
    if (!one.body.subarray(0, common).equals(other.body.subarray(0, common)))
      return `answer ${i}: the body is another one`;
    if (!isCut && one.whole !== other.whole) return `answer ${i}: whole ${one.whole} without, ${other.whole}`;
  }
  return undefined;
}

/**
 * What a proxy says of its own: that the target has broken off, or, as Node does in any server, that the
 * client has.
 */
export function isOwn({ status, headers }: HeardResponse): boolean {
  return status === 502 || (status === 400 && headers.every(([name]) => oneHop.has(name.toLowerCase())));
}

interface Answers {
  readonly responses: readonly HeardResponse[];
  /** The head that agrees to another protocol, and what came then. */
  readonly tunnel: string | undefined;
}

function answersIn({ exchanges }: Plan, { received }: Heard): Answers {
  const methods = exchanges.map(({ method }) => method);
  const agreed = received.indexOf("HTTP/1.1 101 ");
  const isTunnel = agreed !== -1 && exchanges.at(-1)?.answer.upgrade === "accepted";
  return {
    responses: readResponses(isTunnel ? received.subarray(0, agreed) : received, methods, true),
    tunnel: isTunnel ? received.toString("latin1", agreed) : undefined,
  };
}

const oneHop = new Set(["connection", "keep-alive", "transfer-encoding", "date"]);

function comparableAnswer({ version, method }: PlannedExchange, answer: HeardResponse): string {
  const { status, reason, headers, informational, trailers, whole } = answer;
  const madeId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}$/;
  const shown = headers.filter(([name, value]) => {
    const key = name.toLowerCase();
    // Where there is no body, or HTTP/1.0, a length may be told or not.
    return !oneHop.has(key) && !(key === "x-request-id" && madeId.test(value)) && key !== "content-length";
  });
  const isFree = status === 204 || method === "HEAD" || version === "1.0";
  const lengths = isFree ? [] : headerValues(headers, "content-length");
  const ends = version === "1.1" ? { informational, trailers: whole ? trailers : [] } : {};
  const text = JSON.stringify({ status, reason, shown, lengths, ...ends });
  // Heads that Node writes together with a text are in UTF-8, others in Latin-1: in which form it writes them
  // depends on the version of HTTP.
  return version === "1.1" ? text : text.replaceAll("\u00c3\u00a9", "\u00e9");
}

/** More bytes came than were told of: whether they are read before the answer is out, is chance. */
export function hasOverrun({ exchanges }: Plan): boolean {
  return exchanges.some(({ lengthError }) => lengthError < 0);
}

/** A server that closes with unread bytes in its hands resets the connection. */
function mayBeReset({ exchanges }: Plan): boolean {
  const closes = exchanges.length === 1 || exchanges.at(-1)?.version === "1.0";
  return closes && exchanges.some(({ answer, body }) => body.length > 0 && leavesUnread(answer));
}

/** Whether a request's body may be there when it is answered. */
export function leavesUnread({ read, ending }: Answer): boolean {
  return read === "never" || read === "afterwards" || ending === "throw";
}

function comparable(received: Buffer): string {
  return received
    .toString("latin1")
    .replaceAll(/^date: [^\r]+\r$/gim, "Date: \r")
    .replaceAll(/^x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}\r\n/gim, "");
}
