import { expect, test } from "vitest";
import {
  Baseline,
  type BaselineJson,
  type CategoryCounts,
  dataQuality,
  jensenShannonDistance,
} from "../../../src/monitor.ts";

const from = new Date("2026-11-01T00:00:00Z");
const to = new Date("2026-11-08T00:00:00Z");
const later = { from: to, to: new Date("2026-11-09T00:00:00Z") };

test.each(["constructor", "toString", "__proto__"])("a column may be called %s", (name) => {
  const kept = Baseline.create({
    collection: "c",
    from,
    to,
    columns: { [name]: [1, 2, 3], ["gate"]: [1, 2, 3] },
    kinds: {},
  });
  const again = Baseline.fromJSON(JSON.parse(JSON.stringify(kept)) as BaselineJson);
  expect(again.columns.get(name)?.kind).toBe("numerical");
});

test("bounds that are infinite stay so when they are kept", () => {
  const columns = { up: [1, 2, Infinity], down: [-Infinity, 2, 3] };
  const kept = Baseline.create({ collection: "c", from, to, columns });
  const again = Baseline.fromJSON(JSON.parse(JSON.stringify(kept)) as BaselineJson);
  for (const name of ["up", "down"])
    expect(again.columns.get(name)?.constraints).toEqual(kept.columns.get(name)?.constraints);
  expect(again.columns.get("up")?.constraints).toMatchObject({ min: 1, max: Infinity });
});

function flights(): Baseline {
  return Baseline.create({
    collection: "model_inputs",
    from,
    to,
    columns: {
      distance: [404, 712, 2475, null],
      origin: ["SEA", "JFK", "SEA", "LAX"],
      gate: [1, 7, 1, 7],
      tags: [["a"], null, null, null],
      never: [null, null, Number.NaN, undefined],
      mdc_row_index: new Int32Array([0, 1, 2, 3]),
    },
    kinds: { gate: "categorical" },
  });
}

const kept = (baseline: Baseline): BaselineJson => JSON.parse(JSON.stringify(baseline)) as BaselineJson;

test("a baseline is one JSON that reads back as it was", () => {
  const baseline = flights();
  const json = kept(baseline);
  expect(kept(Baseline.fromJSON(json))).toEqual(json);
  expect(Object.keys(json.columns)).toEqual(["distance", "gate", "origin"]);
  expect(json).toMatchObject({
    format: "model-data-collector baseline",
    version: 1,
    collection: "model_inputs",
    from: "2026-11-01T00:00:00.000Z",
    to: "2026-11-08T00:00:00.000Z",
    rows: 4,
    skipped: { never: "only nulls", tags: "no scalars" },
  });
  expect(json.columns["distance"]).toEqual({
    kind: "numerical",
    constraints: { type: "float64", min: 404, max: 2475 },
    quality: { rows: 4, nullValueRate: 0.25, dataTypeErrorRate: 0, outOfBoundsRate: 0 },
    profile: {
      kind: "numerical",
      rows: 4,
      nulls: 1,
      nans: 0,
      zeros: 0,
      infinite: 0,
      min: 404,
      max: 2475,
      distinct: { hashes: expect.any(Array) },
      moments: {
        count: 3,
        sum: "0xe07p0",
        sumOfSquares: "0x67b209p0",
        mean: 3591 / 3,
        standardDeviation: 1117.4430634264995,
      },
      quantiles: { count: 3, variance: 0, levels: [[404, 712, 2475]] },
      groups: { edges: [404, 404 + 2071 / 3, 404 + (2 * 2071) / 3, 2475], counts: [0, 2, 0, 1, 0] },
    },
    steps: { at: [404, 712, 2475], below: [0, 1, 2], upTo: [1, 2, 3] },
  });
  expect(json.columns["origin"]).toMatchObject({
    kind: "categorical",
    constraints: { type: "string", values: ["JFK", "LAX", "SEA"] },
    profile: { groups: { categories: ["JFK", "LAX", "SEA"], counts: [1, 1, 2, 0] } },
  });
  expect(json.columns["gate"]?.profile.groups).toEqual({ categories: ["1", "7"], counts: [2, 2, 0] });
});

test("production is counted as the baseline is, and drift is told without any of its rows", () => {
  const { columns } = Baseline.fromJSON(kept(flights()));
  const today = Baseline.fromJSON(kept(flights())).profile(later);
  today.add({
    length: 3,
    columns: new Map<string, unknown[]>([
      ["distance", [404, 404, 9999]],
      ["origin", ["SEA", "BOS", null]],
    ]),
  });
  const counts = (of: CategoryCounts | undefined): number[] => [
    ...((of?.counts ?? new Map()) as Map<string, number>).values(),
  ];
  expect(counts(today.columns.get("distance")?.counts)).toEqual([0, 2, 0, 0, 1]);
  expect(counts(today.columns.get("origin")?.counts)).toEqual([0, 0, 1, 1]);
  expect(today.columns.get("gate")).toMatchObject({ rows: 3, nulls: 3 });
  const before = columns.get("origin")?.profile.counts as CategoryCounts;
  expect(jensenShannonDistance(before, today.columns.get("origin")?.counts as CategoryCounts)).toBe(
    jensenShannonDistance(["SEA", "JFK", "SEA", "LAX"], ["SEA", "another"]),
  );
  const { constraints, quality } = columns.get("distance") ?? {};
  expect(dataQuality(constraints ?? { type: "string" }, [404, 9999]).outOfBoundsRate).toBe(0.5);
  expect(quality?.nullValueRate).toBe(0.25);
});

test("what is counted by itself is bounded", () => {
  const ids = Array.from({ length: 12_000 }, (_, i) => `id-${i}`);
  const { columns } = Baseline.create({ collection: "c", from, to, columns: new Map([["id", ids]]) });
  const groups = columns.get("id")?.profile.groups;
  expect(groups !== undefined && "categories" in groups && groups.categories.length).toBe(1000);
  expect(columns.get("id")?.constraints).toEqual({ type: "string" });
  expect(columns.get("id")?.quality.outOfBoundsRate).toBeNull();
});

test("ranges of one value, of a few doubles and of all have rising edges", () => {
  for (const values of [[7, 7], [0], [1, 1 + Number.EPSILON], [5e-324, 0, 1e-323], [-1e308, 1e308]]) {
    const { columns } = Baseline.create({ collection: "c", from, to, columns: { x: values } });
    const counts = columns.get("x")?.profile.counts?.counts as Map<string, number>;
    const inside = [...counts.values()].slice(1, -1);
    expect(
      inside.reduce((sum, count) => sum + count, 0),
      String(values),
    ).toBe(values.length);
  }
});

test("what is no baseline is refused", () => {
  const json = kept(flights());
  const damaged: [unknown, RegExp][] = [
    [null, /fromJSON: expected an object, got null/],
    [{ ...json, format: "another" }, /format: expected "model-data-collector baseline", got a text/],
    [{ ...json, version: 2 }, /version: expected 1, the only one that this release reads, got 2/],
    [{ ...json, rows: "4" }, /rows: expected a whole number, got a text/],
    [{ ...json, from: "yesterday" }, /two instants in order/],
    [
      { ...json, columns: { distance: { ...json.columns["distance"], constraints: {} } } },
      /"distance": expected constraints/,
    ],
    [
      { ...json, columns: { distance: { ...json.columns["distance"], kind: "categorical" } } },
      /expected a numerical column/,
    ],
  ];
  for (const [one, message] of damaged) expect(() => Baseline.fromJSON(one as BaselineJson)).toThrow(message);
});

test("what a baseline cannot be made of is said", () => {
  const create =
    (columns: Record<string, unknown[]>, kinds?: Record<string, "numerical" | "categorical">) => () =>
      Baseline.create({ collection: "c", from, to, columns, ...(kinds === undefined ? {} : { kinds }) });
  expect(create({})).toThrow("Baseline.create columns: expected at least one row, got none");
  expect(create({ a: [1], b: [1, 2] })).toThrow('Baseline.create columns, "b": expected 1 row, got 2');
  expect(create({ a: [1] }, { b: "numerical" })).toThrow(
    'Baseline.create kinds: expected names of columns, got "b"',
  );
  expect(create({ a: ["x"] }, { a: "numerical" })).toThrow(
    '"a": expected at least one finite number, got none',
  );
});
