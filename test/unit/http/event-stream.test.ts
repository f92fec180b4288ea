import { createParser } from "eventsource-parser";
import { expect, test } from "vitest";
import { EventCounter } from "../../../src/http/event-stream/event-counter.ts";
import { EventMeter, isEventStream } from "../../../src/http/event-stream/event-meter.ts";
import { Gaps } from "../../../src/http/event-stream/gaps.ts";

const streams: Readonly<Record<string, string>> = {
  "one event": "data: a\n\n",
  "lines of a token stream": 'data: {"delta":"a"}\n\ndata: {"delta":"é😀"}\n\ndata: [DONE]\n\n',
  "all ends of lines, mixed": "data: a\r\n\r\ndata: b\r\rdata: c\n\ndata: d\r\n\ndata: e\r\n\r",
  "carriage returns alone": "data:a\r\rdata:b\r\r\r\r",
  comments: ": hello\n\n:\n\n: again\ndata: a\n: after\n\n",
  "fields without data": "event: ping\n\nid: 7\n\nretry: 10\n\n",
  "data without a value": "data\n\ndata:\n\ndata: \n\n",
  "several lines of data": "data: a\ndata: b\nevent: x\ndata: c\n\n",
  "names that are not exact": "Data: a\n\n data: b\n\ndatas: c\n\ndat: d\n\ndata : e\n\nda\n\n",
  "a mark at the beginning": "\u{feff}data: a\n\n",
  "two marks": "\u{feff}\u{feff}data: a\n\ndata: b\n\n",
  "a mark later": "data: a\n\n\u{feff}data: b\n\n",
  "a character that begins as the mark does": "\u{fec0}data: a\n\ndata: b\n\n",
  "no blank line at the end": "data: a\n\ndata: b\n",
  "no end of a line at the end": "data: a\n\ndata: b",
  "only ends of lines": "\n\r\n\r\n\n\r\r",
  "an id with NUL": "id: a\0b\ndata: x\n\n",
  nothing: "",
};

/** What the parser that clients use finds, given a text whole; the mark is left to it. */
function oracle(bytes: Uint8Array): number {
  let events = 0;
  const parser = createParser({ onEvent: () => void (events += 1) });
  parser.feed(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  return events;
}

test.each(Object.entries(streams))("counts the events of %s, wherever it is cut", (_name, text) => {
  const bytes = Buffer.from(text);
  for (let from = 0; from <= bytes.length; from++) {
    for (let to = from; to <= bytes.length; to++) {
      const counter = new EventCounter();
      const parts = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
      const counted = parts.reduce((sum, part) => sum + counter.add(part), 0);
      expect([from, to, counted]).toEqual([from, to, oracle(bytes)]);
    }
  }
});

test("an event is counted at the byte that ends it", () => {
  const counter = new EventCounter();
  const at = [...Buffer.from("data: a\r\n\r\ndata: b\n\n")].map((byte) => counter.add(Uint8Array.of(byte)));
  // A carriage return ends its line at once, and the line feed after it nothing more.
  expect(at.flatMap((events, i) => (events > 0 ? [i] : []))).toEqual([9, 19]);
});

test("times of events and the gaps between them are those of the chunks that end them", () => {
  let now = 0;
  const meter = new EventMeter({ monotonic: () => now });
  for (const [text, at] of [
    [": opened\n\n", 1_010],
    ["data: 1\n", 1_020],
    ["\n", 1_030],
    ["data: 2\n\ndata: 3\n\n", 1_050],
    ["data: 4\n\ndata: half", 1_150],
  ] as const) {
    now = at;
    meter.add(Buffer.from(text));
  }
  const { event_gap_p50_ms: p50, ...exact } = meter.columns(1_000);
  expect(exact).toEqual({
    event_count: 4,
    first_event_ms: 30,
    event_gap_p99_ms: 100,
    event_gap_max_ms: 100,
  });
  expect(p50).toBeCloseTo(20, 0);
});

test("a stream without events has a count, and one event has no gaps", () => {
  const clock = { monotonic: () => 5 };
  expect(new EventMeter(clock).columns(0)).toMatchObject({ event_count: 0, first_event_ms: null });
  const one = new EventMeter(clock);
  one.add(Buffer.from("data: 1\n\n"));
  const none = { event_gap_p50_ms: null, event_gap_p99_ms: null, event_gap_max_ms: null };
  expect(one.columns(2)).toEqual({ event_count: 1, first_event_ms: 3, ...none });
});

test("quantiles of gaps are within a hundredth of the gap at their rank; the greatest is exact", () => {
  const gaps = new Gaps();
  const given = Array.from({ length: 5_000 }, (_, i) => 0.002 * 1.005 ** ((i * 2_741) % 5_000));
  for (const gap of given) gaps.add(gap);
  given.sort((a, b) => a - b);
  for (const percent of [1, 50, 90, 99, 100]) {
    const exact = given[Math.ceil((percent / 100) * given.length) - 1] as number;
    const longest = 86_400_000;
    const expected = Math.min(exact, longest);
    if (exact < longest) expect(Math.abs(gaps.percentile(percent) / expected - 1)).toBeLessThan(0.01);
    else expect(gaps.percentile(percent)).toBeGreaterThan(longest * 0.99);
  }
  expect(gaps.maxMs).toBe(given.at(-1));
});

test("quantiles of few gaps are exact, and of one more as near as those of many", () => {
  const gaps = new Gaps();
  for (let ms = 32; ms >= 1; ms--) gaps.add(ms);
  expect([1, 50, 99, 100].map((percent) => gaps.percentile(percent))).toEqual([1, 16, 32, 32]);
  gaps.add(33);
  expect(gaps.percentile(50)).not.toBe(17);
  expect(Math.abs(gaps.percentile(50) / 17 - 1)).toBeLessThan(0.01);
});

test.each([
  ["text/event-stream", null, true],
  ["Text/Event-Stream; charset=utf-8", "identity", true],
  ["text/event-stream", "gzip", false],
  ["text/event-streams", null, false],
  ["application/json", null, false],
])("%s, encoded %s: an event stream that is read: %s", (type, encoding, is) => {
  const headers: Record<string, string | null> = { "content-type": type, "content-encoding": encoding };
  expect(isEventStream((name) => headers[name] ?? undefined)).toBe(is);
});
