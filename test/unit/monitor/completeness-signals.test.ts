import { expect, test } from "vitest";
import {
  Baseline,
  completenessReference,
  type CompletenessSignal,
  completenessSignals,
  type WindowFacts,
} from "../../../src/monitor.ts";

const columns = { distance: "float64", origin: "string" };
const ledger = {
  ...{ hours: 24, unknownHours: 0, offered: 12_000, leftOut: 1_000, dropped: {}, unaccounted: 0, pending: 0 },
  ...{ storedRows: 11_000, goneRows: 0, silentProcesses: 0 },
};
const whole: WindowFacts = {
  collection: "model_inputs",
  ...{ from: new Date("2026-11-28T00:00:00Z"), to: new Date("2026-11-29T00:00:00Z") },
  rows: 11_000,
  newest: new Date("2026-11-28T23:59:00Z"),
  columns,
  ...{ rejectedRows: 0, unreadableFiles: 0, ledger, labels: { requests: 11_000, labelled: 2_200 } },
};
const reference = { rowsPerHour: 500, columns };

function signalsOf(
  change: Partial<WindowFacts>,
  options: Parameters<typeof completenessSignals>[1] = {},
): Record<string, CompletenessSignal> {
  const signals = completenessSignals({ ...whole, ...change }, { reference, ...options });
  return Object.fromEntries(signals.map((one) => [one.signal, one]));
}

function breaches(
  change: Partial<WindowFacts>,
  options?: Parameters<typeof completenessSignals>[1],
): string[] {
  return Object.values(signalsOf(change, options))
    .filter(({ verdict }) => verdict === "breach")
    .map(({ signal }) => signal);
}

test("a whole window passes, signal by signal, those that break first in front", () => {
  const signals = completenessSignals(whole, { reference });
  expect(signals.map(({ signal, value, verdict }) => [signal, value, verdict])).toEqual([
    ["freshness", 60_000, "pass"],
    ["silence", 0, "pass"],
    ["volume", 11_000 / 12_000, "pass"],
    ["lost", 0, "pass"],
    ["untold", 0, "pass"],
    ["unreadable", 0, "pass"],
    ["schema", 0, "pass"],
    ["rejected", 0, "pass"],
    ["labels", 0.2, "pass"],
  ]);
});

test("each thing that can break is one signal, and says what is behind it", () => {
  const stale = { newest: new Date("2026-11-28T20:00:00Z") };
  expect(breaches(stale)).toEqual(["freshness"]);
  expect(breaches({ rows: 5_999 })).toEqual(["volume"]);
  expect(breaches({ rows: 24_001 })).toEqual(["volume"]);
  expect(breaches({ ledger: { ...ledger, silentProcesses: 1 } })).toEqual(["silence"]);
  expect(breaches({ unreadableFiles: 1 })).toEqual(["unreadable"]);
  const lost = signalsOf({ ledger: { ...ledger, dropped: { memory: 5, closed: 0 }, unaccounted: 1 } })[
    "lost"
  ];
  expect(lost).toMatchObject({ value: 6 / 12_000, verdict: "breach", max: 0 });
  expect(lost?.reasons).toEqual(["5 frames dropped (memory)", "1 frame unaccounted for"]);
  expect(signalsOf({ ledger: { ...ledger, goneRows: 1_100 } })["lost"]?.value).toBe(0.1);
  expect(signalsOf({ ledger: { ...ledger, unknownHours: 6 } })["untold"]).toMatchObject({
    ...{ value: 0.25, verdict: "breach", reasons: ["6 of 24 hours"] },
  });
  expect(signalsOf({ ledger: { ...ledger, otherHours: 2 } })["untold"]).toMatchObject({
    ...{ value: 0, verdict: "pass", reasons: ["2 hours written by others, or before there was a ledger"] },
  });
  expect(signalsOf({ columns: { distance: "int32", gate: "float64" } })["schema"]).toMatchObject({
    value: 3,
    reasons: ['"distance" is int32 and was float64', '"gate" is new (float64)', '"origin" is gone (string)'],
  });
  expect(signalsOf({ rejectedRows: 11 })["rejected"]).toMatchObject({ value: 0.001, verdict: "breach" });
});

test("without rows a window breaches, and of its columns nothing is asked", () => {
  expect(breaches({ rows: 0, newest: null, columns: {} })).toEqual(["freshness", "volume"]);
  const { schema, rejected, freshness } = signalsOf({ rows: 0, newest: null, columns: {} });
  expect([schema?.verdict, rejected?.verdict]).toEqual(["skipped", "skipped"]);
  expect(freshness).toMatchObject({ value: null, reasons: ["there is no row"] });
});

test("what was not told, compared or asked for is skipped, and too little to be expected is no breach", () => {
  const { labels, ...rest } = whole;
  const signals = completenessSignals({ ...rest, ledger: null, rows: 3 });
  expect(labels).toBeDefined();
  expect(signals.flatMap(({ signal, verdict }) => (verdict === "skipped" ? signal : []))).toEqual([
    ...["silence", "volume", "lost", "untold", "schema", "labels"],
  ]);
  const scarce = signalsOf({ rows: 0, newest: null }, { reference: { rowsPerHour: 4 } });
  expect([scarce["volume"]?.verdict, scarce["freshness"]?.verdict]).toEqual([
    "insufficient data",
    "insufficient data",
  ]);
});

test("of a window that is not over, no more is expected than by now", () => {
  const asOf = new Date("2026-11-28T12:00:00Z");
  const half = { rows: 6_000, newest: new Date("2026-11-28T11:59:30Z") };
  expect(signalsOf(half, { asOf })["freshness"]?.value).toBe(30_000);
  expect(signalsOf(half, { asOf })["volume"]?.value).toBe(1);
});

test("thresholds are those that are given; wrong ones are refused", () => {
  const thresholds = { volume: [0.95, 1.05], rejected: 0.01, labels: 0.5 } as const;
  expect(breaches({ rejectedRows: 11 }, { thresholds })).toEqual(["volume", "labels"]);
  expect(signalsOf({}, { thresholds })["volume"]).toMatchObject({
    min: 0.95,
    max: 1.05,
    thresholdSource: "given",
  });
  expect(() => completenessSignals(whole, { thresholds: { lost: 2 } })).toThrow(
    "completenessSignals thresholds option lost: expected a number from 0 to 1, got 2",
  );
  expect(() => completenessSignals(whole, { thresholds: { volum: 1 } as never })).toThrow(
    'did you mean "volume"?',
  );
});

test("the reference is a baseline, or the windows before: the median of their rows, the columns of the last", () => {
  const before = [100, 0, 900, 200].map((rows, i) => ({
    ...whole,
    ...{ rows: rows * 24, columns: { [`c${i}`]: "float64" } },
  }));
  expect(completenessReference(before)).toEqual({ rowsPerHour: 200, columns: { c3: "float64" } });
  expect(completenessReference(before.slice(0, 1))).toMatchObject({ rowsPerHour: 100 });
  expect(completenessReference([])).toEqual({});
  const baseline = Baseline.create({
    ...{ collection: "model_inputs", from: whole.from, to: whole.to },
    columns: { distance: [1, 2, 3], origin: ["a", "b", "c"] },
  });
  expect(completenessReference(baseline)).toEqual({
    ...{ rowsPerHour: 3 / 24, columns: { distance: "float64", origin: "string" } },
  });
});
