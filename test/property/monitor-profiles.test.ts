import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CategoryCounts,
  CollectionProfile,
  type CollectionProfileJson,
  ColumnProfile,
  type ColumnProfileJson,
} from "../../src/monitor.ts";
import { QuantileSketch } from "../../src/profile/quantile-sketch.ts";

/** Profiles of parts, merged, say what a profile of all rows says. */

const number = fc.oneof(
  fc.double(),
  fc.integer({ min: -3, max: 12 }),
  fc.constantFrom<unknown>(null, undefined, 0, -0, 7n, Number.NaN, Infinity),
);
const category = fc.oneof(
  fc.constantFrom<unknown>("a", "b", "c", "", null, true, 5, -0),
  fc.string({ maxLength: 2 }),
);
const edges = [-1, 0, 0.5, 3, 10];
const numerical = { kind: "numerical", groups: { edges } } as const;
const categorical = { kind: "categorical", groups: { categories: ["a", "b", "0"] } } as const;
const cases = fc.oneof(
  fc.record({ options: fc.constant(numerical), values: fc.array(number, { maxLength: 80 }) }),
  fc.record({ options: fc.constant(categorical), values: fc.array(category, { maxLength: 80 }) }),
);
const cuts = fc.array(fc.nat(80), { maxLength: 4 });

/** What does not depend on order: all but quantiles, which small samples have exactly anyway. */
function exactly({ quantiles, ...rest }: ColumnProfileJson): object {
  return { ...rest, values: quantiles?.levels.flat().sort((a, b) => a - b) };
}

test("merged profiles are the profile of all rows, to the digit, in whatever order", () => {
  fc.assert(
    fc.property(cases, cuts, fc.boolean(), ({ options, values }, cuts, backwards) => {
      const whole = new ColumnProfile(options);
      whole.add(values);
      const at = [0, ...cuts.map((cut) => Math.min(cut, values.length)).sort((a, b) => a - b), values.length];
      const parts = at.slice(1).map((to, i) => {
        const part = new ColumnProfile({ ...options, seed: i });
        part.add(values.slice(at[i], to));
        return part;
      });
      if (backwards) parts.reverse();
      const merged = new ColumnProfile(options);
      // As they are kept, and as they are.
      parts.forEach((part, i) =>
        merged.merge(i % 2 === 0 ? part : ColumnProfile.fromJSON(JSON.parse(JSON.stringify(part)))),
      );
      expect(exactly(merged.toJSON())).toEqual(exactly(whole.toJSON()));
    }),
  );
});

test("what a profile counts is what is there", () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 80 }), (values) => {
      const profile = new ColumnProfile(numerical);
      profile.add(values);
      const numbers = values.filter((v) => v != null && !Number.isNaN(v)).map((v) => Number(v) + 0);
      const finite = numbers.filter(Number.isFinite);
      expect({ rows: profile.rows, nulls: profile.nulls, nans: profile.nans, zeros: profile.zeros }).toEqual({
        rows: values.length,
        nulls: values.filter((v) => v == null).length,
        nans: values.filter(Number.isNaN).length,
        zeros: numbers.filter((v) => v === 0).length,
      });
      expect(profile.infinite).toBe(numbers.length - finite.length);
      expect(profile.distinct).toBe(new Set(numbers).size);
      expect(profile.min).toBe(numbers.length === 0 ? null : Math.min(...numbers));
      expect(profile.max).toBe(numbers.length === 0 ? null : Math.max(...numbers));
      const sorted = finite.toSorted((a, b) => a - b);
      for (const share of [0, 0.01, 0.25, 0.5, 0.99, 1])
        expect(profile.quantile(share)).toBe(
          sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN,
        );
      const within = (low: number, high: number, closed = false): number =>
        numbers.filter((v) => v >= low && (v < high || (closed && v === high))).length;
      expect([...((profile.counts as CategoryCounts).counts as Map<string, number>).values()]).toEqual([
        numbers.filter((v) => v < -1).length,
        within(-1, 0),
        within(0, 0.5),
        within(0.5, 3),
        within(3, 10, true),
        numbers.filter((v) => v > 10).length,
      ]);
    }),
  );
});

test("ranks of quantiles are within the bound that the sketch tells, merged or not", () => {
  let outside = 0;
  let asked = 0;
  const spread = fc.constantFrom(
    (u: number) => u,
    (u: number) => -Math.log(1 - u),
    (u: number) => Math.floor(u * 40),
  );
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 500, max: 6000 }),
      fc.integer({ min: 1, max: 24 }),
      spread,
      (seed, rows, hours, of) => {
        let state = seed;
        const values = Float64Array.from({ length: rows }, (_, i) => {
          state = (Math.imul(state ^ i, 2_654_435_761) + 0x9e3779b9) | 0;
          return of(((state ^ (state >>> 15)) >>> 0) / 2 ** 32);
        });
        const sketch = new QuantileSketch(seed);
        const size = Math.ceil(rows / hours);
        for (let hour = 0; hour < hours; hour++) {
          const part = new QuantileSketch(hour);
          part.add(values.subarray(hour * size, (hour + 1) * size));
          sketch.merge(part);
        }
        expect(sketch.count).toBe(rows);
        const { levels } = sketch.toJSON();
        expect(levels.reduce((sum, values, level) => sum + values.length * 2 ** level, 0)).toBe(rows);
        expect(levels.flat().length).toBeLessThan(1100);
        const sorted = values.slice().sort();
        for (const share of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) {
          const value = sketch.quantile(share);
          const below = sorted.filter((one) => one < value).length / rows;
          const upTo = sorted.filter((one) => one <= value).length / rows;
          const bound = sketch.maxRankError(0.99) + 1 / rows;
          asked++;
          if (share < below - bound || share > upTo + bound) outside++;
          // Nobody asks for such a sketch: the bound itself must be useful.
          expect(bound).toBeLessThan(0.03);
        }
      },
    ),
    // Once in a hundred it may be outside, so the cases are always the same.
    { numRuns: 60, seed: 20_261_129 },
  );
  expect(asked).toBe(420);
  expect(outside).toBeLessThanOrEqual(0.01 * asked);
});

test("hours of a collection are the collection, and columns that come later were null before", () => {
  const from = new Date("2026-11-29T10:00:00Z");
  const [between, to] = [new Date("2026-11-29T11:00:00Z"), new Date("2026-11-29T12:00:00Z")];
  const rows = fc.array(fc.record({ a: number, b: category, late: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  });
  const columns = new Map<string, typeof numerical | typeof categorical>([
    ["a", numerical],
    ["b", categorical],
  ]);
  fc.assert(
    fc.property(rows, rows, (first, second) => {
      const batch = (of: typeof first, names: readonly ("a" | "b" | "late")[]) => ({
        length: of.length,
        columns: new Map<string, unknown[]>([
          ...names.map((name) => [name, of.map((row): unknown => row[name])] as const),
          ["mdc_row_index", of.map((_, i) => i)],
        ]),
      });
      const whole = new CollectionProfile({ collection: "c", from, to, columns });
      whole.add(batch(first, ["a", "b"]));
      whole.add(batch(second, ["b", "late", "a"]));
      const one = new CollectionProfile({ collection: "c", from, to: between, columns });
      one.add(batch(first, ["a", "b"]));
      const two = new CollectionProfile({ collection: "c", from: between, to, columns });
      two.add(batch(second, ["b", "late", "a"]));
      two.merge(CollectionProfile.fromJSON(JSON.parse(JSON.stringify(one)) as CollectionProfileJson));
      const told = ({ columns, ...rest }: CollectionProfileJson): object => ({
        ...rest,
        columns: Object.entries(columns).map(([name, column]) => [name, exactly(column)]),
      });
      expect(told(two.toJSON())).toEqual(told(whole.toJSON()));
      expect(whole.columns.get("late")).toMatchObject({
        rows: first.length + second.length,
        nulls: first.length,
      });
      expect([...whole.columns.keys()].sort()).toEqual(["a", "b", "late"]);
    }),
    { examples: [[rowsOf(-1.6986603458763523e307, -3.06e-269, null), rowsOf(0, 0, 0, 0, 0, 0, -0, null)]] },
  );
});

function rowsOf(...numbers: readonly unknown[]): { a: unknown; b: unknown; late: boolean }[] {
  return numbers.map((a) => ({ a, b: null, late: false }));
}

test("mean and deviation of the greatest and the least numbers are those of others, scaled", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -(2 ** 20), max: 2 ** 20 }), { minLength: 2, maxLength: 8 }),
      fc.oneof(fc.constantFrom(-1074, 1003), fc.integer({ min: -1074, max: 1003 })),
      (values, power) => {
        const plain = new ColumnProfile({ kind: "numerical" });
        plain.add(values);
        const scaled = new ColumnProfile({ kind: "numerical" });
        for (const value of values.toReversed()) {
          const one = new ColumnProfile({ kind: "numerical" });
          one.add([value * 2 ** power]);
          scaled.merge(ColumnProfile.fromJSON(JSON.parse(JSON.stringify(one)) as ColumnProfileJson));
        }
        expect(scaled.mean + 0).toBe(plain.mean * 2 ** power + 0);
        expect(scaled.standardDeviation).toBe(plain.standardDeviation * 2 ** power);
      },
    ),
  );
});

test("distinct values are estimated within some standard errors, and the same however they are split", () => {
  for (const [offset, count] of [
    [0, 512],
    [1e6, 1_000],
    [0.5, 20_000],
    [-7e5, 60_000],
  ] as const) {
    const values = Float64Array.from({ length: count }, (_, i) => offset + i / 8);
    const whole = new ColumnProfile({ kind: "numerical" });
    whole.add(values);
    // Twice each, in another order, in parts.
    const merged = new ColumnProfile({ kind: "numerical" });
    for (const part of [values.subarray(count / 4).toReversed(), values, values.subarray(0, count / 2)]) {
      const profile = new ColumnProfile({ kind: "numerical" });
      profile.add(part);
      merged.merge(profile);
    }
    expect(merged.toJSON().distinct).toEqual(whole.toJSON().distinct);
    // 1.6 % is the standard error.
    expect(Math.abs(whole.distinct / count - 1), `${count}: ${whole.distinct}`).toBeLessThan(
      count <= 512 ? 1e-9 : 0.05,
    );
    const texts = new ColumnProfile({ kind: "categorical" });
    texts.add(Array.from(values, (value) => `flight ${value}`));
    expect(Math.abs(texts.distinct / count - 1), `${count}: ${texts.distinct}`).toBeLessThan(
      count <= 512 ? 1e-9 : 0.05,
    );
  }
});

test("frequent values are there, and their counts within the error that is told", () => {
  const skewed = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 30 })), {
    minLength: 1,
    maxLength: 1500,
  });
  fc.assert(
    fc.property(skewed, fc.integer({ min: 1, max: 6 }), (pairs, parts) => {
      const values = pairs.flatMap(([value, times]) =>
        new Array<string>(times).fill(`v${Math.floor(value ** 2 / 5000)}`),
      );
      const counts = new Map<string, number>();
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
      const profile = new ColumnProfile({ kind: "categorical" });
      for (let part = 0; part < parts; part++) {
        const hour = new ColumnProfile({ kind: "categorical" });
        hour.add(values.filter((_, i) => i % parts === part));
        profile.merge(hour);
      }
      const { maxFrequentError } = profile;
      expect(maxFrequentError).toBeLessThanOrEqual(values.length / 257);
      const told = new Map(profile.frequent(256));
      for (const [value, count] of counts) {
        const known = told.get(value) ?? 0;
        expect(known).toBeLessThanOrEqual(count);
        expect(known + maxFrequentError).toBeGreaterThanOrEqual(count);
      }
    }),
    { numRuns: 50 },
  );
});

test("mean and deviation are right where sums of squares are not", () => {
  const profile = new ColumnProfile({ kind: "numerical" });
  profile.add([1e15 + 1, 1e15 + 2, 1e15 + 3]);
  expect([profile.mean, profile.standardDeviation]).toEqual([1e15 + 2, 1]);
  profile.add([-1e300, 1e300]);
  expect(profile.mean).toBe(6e14 + 1.2);
  expect(profile.standardDeviation).toBeCloseTo(1e300 / Math.SQRT2, -286);
});

test("what is no profile, or of another column, is refused", () => {
  const numbers = new ColumnProfile({ kind: "numerical", groups: { edges: [0, 1] } });
  expect(() => numbers.add([1, "secret"])).toThrow("row 1: expected a number, got a text of 6 characters");
  expect(numbers.rows).toBe(0);
  const merging = (other: ColumnProfile) => () => numbers.merge(other);
  expect(merging(new ColumnProfile({ kind: "categorical" }))).toThrow("expected a numerical profile");
  expect(merging(new ColumnProfile({ kind: "numerical" }))).toThrow("profiles of the same groups");
  expect(merging(new ColumnProfile({ kind: "numerical", groups: { edges: [0, 2] } }))).toThrow("same edges");
  expect(() => new ColumnProfile({ kind: "numerical", groups: { edges: [1, 1] } })).toThrow("rising edges");
  expect(() => new ColumnProfile({ kind: "numerical", groups: { categories: [] } })).toThrow(
    "expected edges",
  );
  const kept = numbers.toJSON();
  const damaged = [
    { ...kept, kind: "both" },
    { ...kept, rows: 1.5 },
    { ...kept, quantiles: { count: 5, variance: 0, levels: [[1]] } },
    { ...kept, quantiles: { count: -1, variance: 0, levels: null } },
    { ...kept, quantiles: { count: 1, variance: 0, levels: [["1"]] } },
    { ...kept, moments: { ...kept.moments, sum: "1.5" } },
    { ...kept, groups: { edges: [0, 1], counts: [1] } },
    { ...kept, distinct: { registers: "zz" } },
    { ...kept, distinct: { registers: `${"00".repeat(4095)}0g` } },
    { ...kept, distinct: { registers: `${"00".repeat(4095)}2b` } },
  ];
  for (const one of damaged)
    expect(() => ColumnProfile.fromJSON(one as ColumnProfileJson)).toThrow(
      /^ColumnProfile\.fromJSON.*: expected /,
    );
});

test("a profile has nothing in common with the JSON that it was read from", () => {
  const profile = new ColumnProfile(numerical);
  profile.add([1, 2, 3]);
  const kept = JSON.parse(JSON.stringify(profile));
  const read = ColumnProfile.fromJSON(kept);
  kept.quantiles.levels[0].fill(9);
  expect(read.quantile(0.5)).toBe(2);
  expect(read.toJSON()).toEqual(profile.toJSON());
});

test("a sketch that another program kept need not be in order", () => {
  const [mine, theirs] = [new QuantileSketch(7), new QuantileSketch(7)];
  const more = new QuantileSketch(8);
  more.add(Float64Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 5_000));
  const { levels, ...kept } = more.toJSON();
  const turned = { ...kept, levels: levels.map((values) => values.toReversed()) };
  for (let hour = 0; hour < 5; hour++) {
    mine.merge(more);
    theirs.merge(QuantileSketch.fromJSON(turned, 8, "theirs"));
  }
  expect(theirs.toJSON()).toEqual(mine.toJSON());
  expect(theirs.quantile(0.5)).toBe(mine.quantile(0.5));
});

test("errors of many values do not add up, and those of merged frequent values do", () => {
  const rows = 200_000;
  const sketch = new QuantileSketch(7);
  sketch.add(Float64Array.from({ length: rows }, (_, i) => (i * 7919) % rows));
  for (let share = 0.05; share < 1; share += 0.05)
    expect(Math.abs(sketch.quantile(share) / rows - share)).toBeLessThan(sketch.maxRankError(0.9999));
  expect(sketch.maxRankError()).toBeLessThan(0.012);

  const merged = new ColumnProfile({ kind: "categorical" });
  for (let hour = 0; hour < 4; hour++) {
    const profile = new ColumnProfile({ kind: "categorical" });
    // More than are gathered before some are left out.
    profile.add(Array.from({ length: 3075 }, (_, i) => `v${Math.floor(i / 3)}`));
    merged.merge(profile);
  }
  expect((merged.frequent(256)[0]?.[1] ?? 0) + merged.maxFrequentError).toBeGreaterThanOrEqual(12);
});
