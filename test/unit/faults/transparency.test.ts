import { expect, test } from "vitest";
import type { Answer, Plan, PlannedExchange } from "../../support/transparency/plan.ts";
import { type Played, storedProblems } from "../../support/transparency/stored.ts";

/*
 * What the oracle of payload logging still finds where chance has its say: requests that do not wait for
 * answers, the last of which breaks off, so that the server says "400 Bad Request" wherever it has come to.
 */

const opinion = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
const answered = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nyes!";

const answer: Answer = {
  ...{ native: false, read: "all", status: 200, head: "set", informational: "none", form: "at once" },
  ...{ headers: [["Content-Type", "text/plain"]], declared: true, pauseMs: 0, trailers: [], ending: "end" },
  ...{ pieces: [{ kind: "text", text: "yes!", encoding: undefined }], upgrade: undefined },
};
const exchange: PlannedExchange = {
  ...{ method: "POST", target: "/score", version: "1.1", headers: [], named: true, policy: "full" },
  ...{ framing: "length", body: [Buffer.from("?")], lengthError: 0, trailers: [], answer },
};
const plan: Plan = {
  ...{ exchanges: [exchange, exchange], pipelined: true, cuts: [], cutMs: 0, slowReader: false },
  abort: { of: "request", at: 0.9, how: "end" },
};

type Row = Readonly<Record<string, unknown>>;
type Rows = readonly [Row, Row];

const body = (text: string, size = text.length): Row => ({
  ...{ body: text, body_bytes: null, body_size: BigInt(size), body_sha256: null },
  body_truncated: size > text.length,
});
const requests = ["0", "1"].map(
  (label): Row => ({
    ...{ mdc_correlation_id: label, http_headers: JSON.stringify({ "x-plan": label }) },
    ...{ http_method: "POST", http_path: "/score", http_query: null, content_type: null },
    ...(label === "0" ? body("?") : { ...body(""), body_truncated: true }),
  }),
);
const complete: Row = {
  ...{ mdc_correlation_id: "0", http_status: 200n, content_type: "text/plain", outcome: "complete" },
  ...{ first_byte_ms: 1, duration_ms: 2, bytes_sent: 4n, ...body("yes!") },
};
const unanswered: Row = {
  ...{ mdc_correlation_id: "1", http_status: null, content_type: null, outcome: "client_aborted" },
  ...{ first_byte_ms: null, duration_ms: 2, bytes_sent: 0n, ...body(""), body: null },
};
/** Answered as planned, though its client heard nothing of it. */
const unheard: Row = { ...complete, mdc_correlation_id: "1", bytes_sent: 0n, outcome: "client_aborted" };

function problems(received: string, responses: readonly Row[]): string[] {
  const heard = { received: Buffer.from(received), aborted: true, stuck: false };
  const played = ["0", "1"].map(
    (label, index): Played => ({
      ...{ label, plan, exchange, heard, index, methods: ["POST", "POST"], aborted: index === 1 },
      subject: { name: "node:http", serve: () => Promise.reject(new Error("not served")) },
      served: () => true,
    }),
  );
  return storedProblems(played, { requests, responses });
}

test.each<[string, string, Rows]>([
  ["behind a whole answer", answered + opinion, [complete, unanswered]],
  ["within an answer", answered.slice(0, -2) + opinion, [complete, unanswered]],
  ["before any answer", opinion, [{ ...complete, outcome: "server_aborted", bytes_sent: 0n }, unanswered]],
  ["before answers that were made", opinion, [{ ...complete, outcome: "client_aborted" }, unheard]],
])("what crossed the wire is found stored, the 400 %s", (_where, received, rows) => {
  expect(problems(received, rows)).toEqual([]);
});

test.each<[string, Rows]>([
  ["another status than was heard", [{ ...complete, http_status: 201n }, unanswered]],
  ["no status, though one was heard", [{ ...complete, http_status: null }, unanswered]],
  ["another body than was heard", [{ ...complete, ...body("none") }, unanswered]],
  ["less than was heard", [{ ...complete, bytes_sent: 3n }, unanswered]],
  ["an outcome that cannot be", [complete, { ...unanswered, outcome: "timeout" }]],
  ["a status that nobody gave", [complete, { ...unheard, http_status: 400n }]],
  ["a body that nobody gave", [complete, { ...unheard, ...body("no") }]],
  ["more than was answered", [complete, { ...unheard, ...body("yes!yes!") }]],
  ["a cut without a mark", [complete, { ...unheard, ...body("yes"), body_size: 4n }]],
  ["an end before the first byte", [complete, { ...unheard, first_byte_ms: 3 }]],
])("%s is a problem", (_fault, rows) => {
  expect(problems(answered + opinion, rows)).not.toEqual([]);
});

test("a row too many, and one too few, are problems", () => {
  expect(problems(answered + opinion, [complete, complete, unanswered])).toEqual([
    "0: 2 rows of the response",
  ]);
  expect(problems(answered + opinion, [complete])).toEqual(["1: 0 rows of the response"]);
});
