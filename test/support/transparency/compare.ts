import type { Heard } from "./client.ts";
import type { Answer, Plan } from "./plan.ts";

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
