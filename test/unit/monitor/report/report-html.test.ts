import { describe, expect, test } from "vitest";
import { reportHtml } from "../../../../src/monitor/report/report-html.ts";
import type { MonitorResult } from "../../../../src/monitor/run/monitor-result.ts";
import { monitorResult } from "../../../support/monitor/monitor-result.ts";
import { nastyStrings } from "../../../support/nasty-strings.ts";

const now = new Date("2001-07-13T04:05:06Z");
const result = monitorResult();
const page = reportHtml(result, { now });

describe("reportHtml", () => {
  test("says the verdict first, in a sentence, and then what it is made of", () => {
    const headings = [...page.matchAll(/<h[12]>(.*?)<\/h[12]>/g)].map(([, text]) => text);
    expect(headings).toEqual(
      [
        "3 of 12 features drifted, and performance is out of bounds",
        "Completeness",
        "Drift",
        "Quality",
        "Performance",
      ].concat("Not judged"),
    );
    expect(page).toMatch(/<title>3 of 12 features drifted, .*: \/data\/collected<\/title>/);
  });

  test("lists features in the order of the result, each with metric, threshold, its source, method and rows", () => {
    const listed = [...page.matchAll(/<summary><bdi>(.*?)<\/bdi>/g)].map(([, text]) => text);
    expect(listed).toEqual(result.collections[0]?.features.map(({ feature }) => feature));
    const [first = ""] = page.split("<li><details").slice(1);
    for (const told of [
      "normalized Wasserstein distance",
      "at most 0.1 (azure-ai-ml SDK), exact",
      "41,318 rows before, 8,005 now",
      "breach in 3 of 3 windows",
      "41 % of it from <bdi>origin</bdi> = <bdi>LAX</bdi>",
    ])
      expect(first).toContain(told);
  });

  test("gives each chart a text that says what it shows", () => {
    const charts = [...page.matchAll(/<svg[^>]*role=img[^>]*>/g)].map(([tag]) => tag);
    const texts = charts.map((tag) => /aria-label="([^"]+)"/.exec(tag)?.[1] ?? "");
    expect(texts.length).toBeGreaterThan(24);
    expect(
      texts.filter((text) => !/^more: .* to .*; less: .* to |^[\d.]+ to [\d.]+ in 6 windows/.test(text)),
    ).toEqual([]);
    // What is not named stands beside one that is.
    expect(page.match(/<svg(?![^>]*(role=img|aria-hidden))/)).toBeNull();
  });

  test("is the same to the byte for an equal result and clock, and knows the time from nowhere else", () => {
    const copy = JSON.parse(JSON.stringify(result)) as MonitorResult;
    expect(reportHtml(copy, { now: new Date(now) })).toBe(page);
    const later = reportHtml(result, { now: new Date("2026-01-02T03:04:05Z") });
    expect(later.replace("2026-01-02 03:04:05", "2001-07-13 04:05:06")).toBe(page);
  });

  test("asks for nothing from outside, and forbids it", () => {
    expect(page).not.toMatch(/<script|<iframe|<object|<img|https?:|url\(|@import/i);
    expect(page).toContain("default-src 'none'");
  });

  test("says what was not judged, and why", () => {
    const short = monitorResult({ features: 4 });
    const [collection] = short.collections;
    if (collection === undefined) throw new Error("no collection");
    const features = collection.features.map((one, i) =>
      i === 3
        ? { ...one, verdict: "insufficient data" as const, reason: "40 rows, and 100 are needed" }
        : one,
    );
    const text = reportHtml({ ...short, collections: [{ ...collection, features }] }, { now });
    const [, unjudged = ""] = text.split("<section id=unjudged>");
    expect(unjudged).toContain("<bdi>feature_3</bdi>");
    expect(unjudged).toContain("40 rows, and 100 are needed");
    expect(unjudged).toContain("it has lists or objects");
    expect(text).toContain("1 of 3 features drifted");
  });

  test("is a page also of nothing", () => {
    const nothing: MonitorResult = {
      ...result,
      verdict: "insufficient data",
      collections: [],
      performance: null,
    };
    const text = reportHtml(nothing, { now });
    expect(text).toContain("<h1>Too little data to say</h1>");
    expect(text).not.toMatch(/undefined|NaN|null/);
  });

  test("escapes every name and value, and shows what cannot be seen", () => {
    const hostile = [
      `"><img src=x onerror=alert(1)>`,
      "</style><script>alert(1)</script>",
      "a\u202eb\u0000c",
      "'`&lt;",
      ...nastyStrings,
    ];
    const all = JSON.stringify(
      monitorResult({ features: hostile.length, nameOf: (index) => `name ${index}!` }),
    );
    const named = hostile.reduce(
      (text, one, index) => text.replaceAll(JSON.stringify(`name ${index}!`), JSON.stringify(one)),
      all,
    );
    const everywhere = named
      .replaceAll('"LAX"', JSON.stringify(hostile[0]))
      .replaceAll('"model_inputs"', JSON.stringify(hostile[1]))
      .replaceAll('"/data/collected"', JSON.stringify(hostile[0]))
      .replaceAll('"3 frames were dropped: spool_full"', JSON.stringify(hostile[1]))
      .replaceAll('"it has lists or objects"', JSON.stringify(hostile[0]));
    const text = reportHtml(JSON.parse(everywhere) as MonitorResult, { now });
    expect(text).not.toMatch(/<img|<script|onerror=alert\(1\)>|[\u202e\u0000]/);
    // The page's own tags are all there are.
    const tags = (of: string) => new Set(Array.from(of.matchAll(/<\/?([a-z0-9]+)/g), ([, tag]) => tag));
    expect([...tags(text)].filter((tag) => !tags(page).has(tag))).toEqual([]);
  });

  test("of 1,000 features and a year of weeks is at most a megabyte", () => {
    const large = reportHtml(
      monitorResult({ features: 1_000, windows: 52, nameOf: (index) => `customer_feature_${index}` }),
      { now },
    );
    expect(Buffer.byteLength(large)).toBeLessThan(1_000_000);
    expect(large.match(/<li><details/g)).toHaveLength(1_000);
  });
});
