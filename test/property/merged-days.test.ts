import fc from "fast-check";
import { expect, test } from "vitest";
import { toldFilePath } from "../../src/layout/dataset-path.ts";
import { ColumnProfile, type ColumnProfileJson } from "../../src/monitor.ts";
import { profileLine } from "../../src/profile/stored-profiles.ts";
import { datasetOf } from "../../src/reader/dataset.ts";
import { createMemoryStore, type MemoryStore } from "../../src/store/memory-store.ts";
import { mergeProfileDays } from "../../src/upkeep/profiles/merge-days.ts";

/*
 * Windows of profiles say the same whether days were merged or not, some of them, or other ones than are there
 * now: held against the same objects before any of that.
 */

const first = Date.parse("2026-11-22T00:00:00Z");
const [hourMs, dayMs] = [3_600_000, 86_400_000];
const days = 4;

/** Some rows of an hour, or of a day, as a line or two of an object. */
const part = fc.record({
  /** From the day before the first on. */
  hour: fc.integer({ min: -24, max: days * 24 - 1 }),
  span: fc.constantFrom("hour", "day"),
  collection: fc.constantFrom("model_inputs", "Model_Inputs", "model_outputs"),
  column: fc.constantFrom("n", "t", "mixed"),
  values: fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 1, maxLength: 5 }),
  kind: fc.constantFrom("numerical", "categorical"),
  groups: fc.constantFrom(undefined, [0, 3, 6], [0, 5]),
});

const object = fc.record({
  deployment: fc.constantFrom("blue", "green"),
  /** When it was begun, from the first of its hours on. */
  lateMs: fc.oneof(fc.nat(hourMs), fc.nat(dayMs)),
  parts: fc.array(part, { minLength: 1, maxLength: 3 }),
  /** A line of a later version. */
  isNewer: fc.integer({ min: 0, max: 11 }).map((one) => one === 0),
  isTogether: fc.boolean(),
  /** By the process that found its segments, which the first one had told of and not taken away. */
  isToldAgain: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});

const window = fc
  .record({
    from: fc.integer({ min: -1, max: days }),
    length: fc.integer({ min: 1, max: 3 }),
    byDay: fc.boolean(),
  })
  .map(({ from, length, byDay }) => ({
    from: new Date(first + from * (byDay ? dayMs : 7 * hourMs)),
    to: new Date(first + from * (byDay ? dayMs : 7 * hourMs) + length * (byDay ? dayMs : 5 * hourMs)),
  }));

const cases = fc.record({
  objects: fc.array(object, { minLength: 1, maxLength: 14 }),
  late: fc.array(object, { maxLength: 3 }),
  windows: fc.array(window, { minLength: 1, maxLength: 4 }),
  lost: fc.constantFrom("none", "torn", "gone"),
  columns: fc.option(fc.constant(["n", "mixed"]), { nil: undefined }),
});

type Stored = typeof object extends fc.Arbitrary<infer T> ? T : never;

async function storeObject(store: MemoryStore, one: Stored, number: number, nth = 0): Promise<void> {
  const near = one.isTogether ? one.parts.map((each) => ({ ...each, hour: one.parts[0]!.hour })) : one.parts;
  const latest = Math.max(...near.map(({ hour }) => hour));
  let text = one.isNewer ? `${JSON.stringify({ kind: "later", rows: 3 })}\n` : "";
  near.forEach(({ hour, span, collection, column, values, kind, groups }, i) => {
    const start = first + (span === "day" ? Math.floor(hour / 24) * 24 : hour) * hourMs;
    const place = {
      ...{ instance: `process ${number % 3}`, hour: new Date(start).toISOString(), collection },
      ...(span === "day" ? { span: "day" as const } : {}),
      ...(one.isToldAgain ? { segment: `${number} ${i}` } : {}),
    };
    const isNumber = column === "n" || (column === "mixed" && kind === "numerical");
    const profile = new ColumnProfile(
      isNumber
        ? { kind: "numerical", ...(groups === undefined ? {} : { groups: { edges: groups } }) }
        : { kind: "categorical" },
    );
    profile.add(values);
    // One more row has no value.
    text += profileLine({ kind: "rows", ...place, rows: values.length + 1 });
    text += profileLine({ kind: "column", ...place, rows: values.length, column, profile: profile.toJSON() });
  });
  const id = (2 * number + nth).toString(16).padStart(32, "0");
  const segment = { id, createdAt: first + latest * hourMs + one.lateMs + nth * 9 * hourMs };
  await store.put(toldFilePath("profile", { endpoint: "flights", ...one }, segment), Buffer.from(text));
  if (one.isToldAgain && nth === 0) await storeObject(store, one, number, 1);
}

/** What does not depend on the order of merging: all, for samples of so few values. */
function exactly({ quantiles, ...rest }: ColumnProfileJson): object {
  return { ...rest, values: quantiles?.levels.flat().sort((a, b) => a - b) };
}

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

async function told(store: MemoryStore, { windows, columns }: Case): Promise<object[]> {
  const all: object[] = [];
  for (const collection of ["model_inputs", "model_outputs"]) {
    const options = { collection, windows, ...(columns === undefined ? {} : { columns }) };
    for (const { rows, columns: found } of await datasetOf(store).windowProfiles(options))
      all.push({
        rows,
        columns: Object.fromEntries([...found].map(([name, one]) => [name, exactly(one.toJSON())])),
      });
  }
  return all;
}

async function merge(store: MemoryStore): Promise<number> {
  let merged = 0;
  const scope = { endpoint: undefined, deployment: undefined };
  const options = { now: first + 9 * dayMs, olderThanMs: dayMs, dryRun: false, onDay: () => void merged++ };
  await mergeProfileDays(store, { ...scope, ...options });
  return merged;
}

const dayNames = (store: MemoryStore): string[] =>
  [...store.objects.keys()].filter((path) => path.includes("/day-"));

test("windows of profiles are the same before and after days are merged, and whatever comes or goes since", async () => {
  let [merged, again] = [0, 0];
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const store = createMemoryStore();
      for (const [i, each] of one.objects.entries()) await storeObject(store, each, i);
      const before = await told(store, one);
      merged += await merge(store);
      expect(await told(store, one)).toEqual(before);
      expect(await merge(store)).toBe(0);
      const plain = createMemoryStore();
      const objects = [...one.objects, ...one.late];
      for (const [i, each] of objects.entries()) await storeObject(plain, each, i);
      const after = await told(plain, one);
      for (const [i, each] of one.late.entries()) await storeObject(store, each, one.objects.length + i);
      expect(await told(store, one)).toEqual(after);
      const [name] = dayNames(store);
      if (name !== undefined && one.lost !== "none") {
        const { bytes } = store.objects.get(name)!;
        await store.delete(name);
        if (one.lost === "torn") await store.put(name, bytes.subarray(0, 20));
        expect(await told(store, one)).toEqual(after);
      }
      again += await merge(store);
      expect(await told(store, one)).toEqual(after);
      // One for each day: what was made of fewer objects is gone.
      const folders = dayNames(store).map((path) => path.slice(0, path.lastIndexOf("/")));
      expect(new Set(folders).size).toBe(folders.length);
    }),
  );
  expect(merged).toBeGreaterThan(30);
  expect(again).toBeGreaterThan(10);
});
