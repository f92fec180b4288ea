import { expect, test } from "vitest";
import { createCatalog } from "../../../src/reader/catalog.ts";
import { mergeRows } from "../../../src/reader/join/plain/merge-rows.ts";
import { openGroups } from "../../../src/reader/join/plain/plain-groups.ts";
import { readPlainRows } from "../../../src/reader/join/plain/plain-rows.ts";
import { UuidRows } from "../../../src/reader/join/plain/uuid-rows.ts";
import type { SideFile } from "../../../src/reader/join/stretches.ts";
import { openRoot } from "../../../src/reader/open-root.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, type StoredFrame, storeFile, type StoreFileOptions } from "./stored-data.ts";

const requestTime = "2026-11-22T05:10:00.000Z";
const inputs = { collection: "inputs", requestTime, rows: [{ a: 1 }] } as const;
const rulesOf = (lateness: number) => ({
  outputs: 1,
  by: "row" as const,
  lateness,
  isInRange: (): boolean => true,
});

/** Stores files of such frames and opens them; undefined where their rows have to be read in full. */
async function opened(
  files: readonly (readonly Partial<StoredFrame>[])[],
  { lateness = 1_000_000, ...options }: StoreFileOptions & { lateness?: number } = {},
) {
  const root = await tempFolder();
  for (const [i, frames] of files.entries())
    storeFile(
      root,
      frames.map((frame) => ({ ...inputs, id: idAt(requestTime, i), ...frame })),
      { a: "DOUBLE" },
      options,
    );
  const catalog = createCatalog(openRoot(root, undefined), {});
  const found: SideFile[] = [];
  for await (const file of catalog.files()) found.push({ side: file.collection === "inputs" ? 0 : 1, file });
  return await openGroups(found, catalog.store, rulesOf(lateness));
}

/** How many rows there are by their UUIDs; undefined where they have to be read in full. */
async function plainRows(
  frames: readonly Partial<StoredFrame>[],
  options?: { lateness: number },
): Promise<number | undefined> {
  const groups = await opened(
    frames.map((frame) => [frame]),
    options,
  );
  const rows = new UuidRows();
  if (groups === undefined || !(await readPlainRows(groups, rulesOf(0), rows))) return undefined;
  let different = 0;
  for (const { sides, size } of rows.tables())
    different += sides.subarray(0, size).filter((of) => of > 0).length;
  return different;
}

test("rows are known by their UUIDs alone where files tell the rest, and only there", async () => {
  const output = { collection: "outputs" } as const;
  const id = idAt("2026-11-22T05:10:00.000Z");
  expect(await plainRows([{ id }, { ...output, id }, {}])).toBe(2);
  expect(
    await plainRows([
      { id, rows: [{}, {}, {}] },
      { id, ...output, rows: [{}, {}] },
    ]),
  ).toBe(3);
  expect(await plainRows([{ id }, { id: "order-17" }])).toBeUndefined();
  expect(await plainRows([{ id: id.toUpperCase() }])).toBeUndefined();
  expect(await plainRows([{ id: `${id.slice(0, 30)}-${id.slice(31)}` }])).toBeUndefined();
  const late = { ...output, id, eventTime: "2026-11-22T05:10:02.000Z" };
  expect(await plainRows([{ id }, late])).toBeUndefined();
  expect(await plainRows([{ id }, late], { lateness: 3_000_000 })).toBe(1);
});

/** What rows come to that are gone through in the order of their ids. */
async function merged(files: Parameters<typeof opened>[0], options?: StoreFileOptions) {
  const groups = await opened(files, options);
  const hour = Date.parse("2026-11-22T05:00:00.000Z");
  const span = { start: hour, end: hour + 3_600_000 };
  const found = groups && (await mergeRows(groups, rulesOf(1_000_000), { maxOdd: 3, span }));
  if (found === undefined) return undefined;
  const [matched, inputsOnly, outputsOnly] = [3, 1, 2].map((sides) =>
    [...found.counts.values()].reduce((sum, bySides) => sum + (bySides[sides] ?? 0), 0),
  );
  return { matched, inputsOnly, outputsOnly, odd: [...found.odd], far: [...found.far] };
}

const outputs = { collection: "outputs" } as const;
const ids = Array.from({ length: 6 }, (_, i) => idAt(requestTime, i));
const [a, b, c, d, e, f] = ids as [string, string, string, string, string, string];
const frames = (of: Partial<StoredFrame>, ...list: string[]) => list.map((id) => ({ ...of, id }));

test("rows in the order of their ids are counted side by side", async () => {
  const none = { odd: [], far: [] };
  const all = { matched: 6, inputsOnly: 0, outputsOnly: 0, ...none };
  expect(await merged([frames({}, ...ids), frames(outputs, ...ids)])).toEqual(all);
  expect(await merged([frames({}, ...ids), frames(outputs, ...ids)], { rowGroupRows: 4 })).toEqual(all);
  const inTwo = [frames({}, ...ids), frames(outputs, d, e, f), frames(outputs, a, b, c)];
  expect(await merged(inTwo)).toEqual(all);
  expect(await merged([frames({}, a, c, d, f), frames(outputs, b, c, e, f)])).toEqual({
    ...{ matched: 2, inputsOnly: 2, outputsOnly: 2 },
    ...none,
  });
  expect(await merged([frames({}, ...ids)])).toEqual({ ...all, matched: 0, inputsOnly: 6 });
});

test("an id of which more has to be known than that is in no count, and one of elsewhere is told", async () => {
  const two = [{}, {}];
  const whole = [
    frames({}, a),
    frames({ rows: two }, b),
    frames(outputs, a),
    frames({ ...outputs, rows: two }, b),
  ];
  expect(await merged(whole)).toMatchObject({ matched: 3, odd: [] });
  // The frame of `b` goes on behind a row group in which all rows are the first ones of theirs.
  const unequal = [frames({}, a, b, c), [...frames(outputs, a), ...frames({ ...outputs, rows: two }, b)]];
  const odd = { matched: 1, inputsOnly: 1, outputsOnly: 0, odd: [b], far: [] };
  expect(await merged(unequal)).toEqual(odd);
  expect(await merged(unequal, { rowGroupRows: 2 })).toEqual(odd);
  const later = { ...outputs, requestTime: "2026-11-22T06:10:00.000Z", eventTime: requestTime };
  const atTwoTimes = [frames({}, a, b), [...frames(outputs, a), ...frames(later, b)]];
  expect(await merged(atTwoTimes, { rate: "day" })).toMatchObject({ matched: 1, odd: [b] });

  const earlier = idAt("2026-11-22T04:59:59.999Z");
  const first = idAt("2026-11-22T05:00:00.000Z");
  const after = idAt("2026-11-22T06:00:00.000Z");
  const random = "fa200545-0000-4000-8000-000000000000";
  const many = [earlier, first, a, after, random];
  expect(await merged([frames({}, ...many), frames(outputs, ...many)])).toEqual({
    ...{ matched: 5, inputsOnly: 0, outputsOnly: 0, odd: [] },
    far: [earlier, after, random],
  });
});

test("rows in another order, twice, or with other ids are not counted side by side", async () => {
  expect(await merged([frames({}, a, c, b, d), frames(outputs, a, c, b, d)])).toBeUndefined();
  expect(await merged([frames({}, a, b, c, d), frames(outputs, a, c, b, d)])).toBeUndefined();
  expect(await merged([frames({}, a, c), frames({}, b, d)])).toBeUndefined();
  expect(await merged([frames({}, a, b, b, c), frames(outputs, a, b, c)])).toBeUndefined();
  expect(await merged([frames({}, a, b), frames({}, b, c)])).toBeUndefined();
  expect(await merged([frames({}, a, "order-17"), frames(outputs, a)])).toBeUndefined();
  const upper = "FA200545-0000-4000-8000-000000000000";
  expect(await merged([frames({}, upper, a), frames(outputs, upper, a)])).toBeUndefined();
  for (const at of [8, 13, 18, 23, 0, 35]) {
    const other = `${e.slice(0, at)}:${e.slice(at + 1)}`;
    expect(await merged([frames({}, other)]), other).toBeUndefined();
  }
  const odd = ids.slice(0, 4).map((id) => ({ id, rows: [{}, {}] }));
  expect(await merged([odd])).toBeUndefined();
  expect(await merged([odd.slice(1)])).toMatchObject({ odd: [b, c, d] });
});
