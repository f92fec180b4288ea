import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../src/reader.ts";
import { disposableFolder } from "../support/temp-folder.ts";
import { idAt, type StoredFrame, storeFile } from "../unit/reader/stored-data.ts";

/** Whatever is stored in whatever files: the reader agrees with a look through everything. */

const start = Date.parse("2026-11-22T04:00:00.000Z");

const frame = fc.record({
  collection: fc.constantFrom("inputs", "outputs"),
  request: fc.integer({ min: 0, max: 3 }),
  values: fc.array(fc.option(fc.double({ noNaN: true })), { maxLength: 4 }),
});
/**
 * When each of four requests started, minutes after the start, at and beside hours; and whether its id tells
 * so.
 */
const requests = fc.array(
  fc.record({ minute: fc.constantFrom(0, 1, 59, 60, 61, 239), telling: fc.boolean() }),
  {
    minLength: 4,
    maxLength: 4,
  },
);
const sample = fc.record({
  requests,
  frames: fc.array(frame, { maxLength: 25 }),
  rate: fc.constantFrom("day" as const, "hour" as const, "minute" as const),
  rowGroupRows: fc.integer({ min: 1, max: 20 }),
});

describe("the reader, over generated stores", () => {
  test("table gives the rows in a time range, trace a request's frames in order, collections the counts", async () => {
    await fc.assert(
      fc.asyncProperty(sample, fc.tuple(fc.nat(240), fc.nat(240)), async (given, [fromMinute, toMinute]) => {
        await using folder = await disposableFolder();
        const frames = store(folder.path, given);
        const data = await openDataset(folder.path);

        const [from, to] = [start + fromMinute * 60_000, start + toMinute * 60_000];
        for (const collection of ["inputs", "outputs"]) {
          const rows = frames.filter((one) => one.collection === collection).flatMap(rowsOf);
          if (rows.length === 0) continue;
          const within = rows.filter(({ time }) => time >= from && time < to);
          const read = [];
          for await (const row of data.table(collection, { from, to }).rows()) {
            read.push({
              id: row["mdc_correlation_id"],
              time: Number(row["mdc_request_time"]),
              value: row["value"],
            });
          }
          expect(sorted(read)).toEqual(sorted(within));
        }

        for (const id of new Set(frames.map((one) => one.id))) {
          const expected = frames.filter((one) => one.id === id && one.rows.length > 0);
          const { records } = await data.trace(id);
          const texts = records.map(({ eventId, rows }) => JSON.stringify([eventId, rows]));
          expect(texts.sort()).toEqual(
            expected.map(({ eventId, rows }) => JSON.stringify([eventId, rows])).sort(),
          );
          const times = records.map(({ eventTime }) => eventTime.getTime());
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        }

        const summed = Object.fromEntries((await data.collections()).map(({ name, rows }) => [name, rows]));
        for (const name of Object.keys(summed)) {
          expect(summed[name]).toBe(
            frames.filter((one) => one.collection === name).flatMap(({ rows }) => rows).length,
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});

type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;
type Frame = StoredFrame & { readonly eventId: string };

function store(root: string, { requests, frames, rate, rowGroupRows }: Sample): Frame[] {
  const stored = frames.map(({ collection, request, values }, index): Frame => {
    const { minute = 0, telling = false } = requests[request] ?? {};
    const requestTime = new Date(start + minute * 60_000).toISOString();
    return {
      collection,
      id: telling ? idAt(requestTime, request) : `request ${request}`,
      eventId: `event ${index}`,
      requestTime,
      eventTime: new Date(start + minute * 60_000 + index).toISOString(),
      rows: values.map((value) => ({ value })),
    };
  });
  const depth = { day: 10, hour: 13, minute: 16 }[rate];
  const files = new Map<string, Frame[]>();
  for (const one of stored) {
    const file = `${one.collection} ${one.requestTime.slice(0, depth)}`;
    files.set(file, [...(files.get(file) ?? []), one]);
  }
  for (const [index, together] of [...files.values()].entries()) {
    storeFile(root, together, { value: "DOUBLE" }, { rate, rowGroupRows, name: `${index}.parquet` });
  }
  return stored;
}

function rowsOf({ id, requestTime, rows }: Frame): { id: string; time: number; value: unknown }[] {
  return rows.map((row) => ({ id, time: Date.parse(requestTime), value: row["value"] }));
}

function sorted(rows: readonly object[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}
