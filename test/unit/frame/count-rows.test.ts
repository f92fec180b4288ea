import { tableFromArrays } from "apache-arrow";
import { table } from "arquero";
import { DataFrame } from "danfojs-node";
import polars from "nodejs-polars";
import { expect, test } from "vitest";
import { countRows } from "../../../src/frame/copy/count-rows.ts";
import { openFrame } from "../../../src/frame/open-frame.ts";

const rows = [{ a: 1.5 }, { a: 2.5 }, { a: 3.5 }];
const a = [1.5, 2.5, 3.5];

test.each<[string, object]>([
  ["rows", rows],
  ["columns", { a }],
  ["typed columns", { a: Float64Array.from(a) }],
  ["columns of a prototype of their own", Object.assign(Object.create({ x: 1 }), { a })],
  [
    "a column behind a getter",
    {
      get a() {
        return a;
      },
    },
  ],
  ["danfojs", new DataFrame(rows)],
  ["a danfojs Series", new DataFrame(rows)["a"] as object],
  ["Arrow", tableFromArrays({ a })],
  ["an Arrow RecordBatch", tableFromArrays({ a }).batches[0] as object],
  ["a column that is an Arrow vector", { a: tableFromArrays({ a }).getChild("a") }],
  ["Arquero", table({ a })],
  ["a filtered Arquero table", table({ a: [...a, 9] }).filter("d => d.a < 9")],
  ["Polars", polars.DataFrame({ a })],
  ["a Polars Series", polars.Series("a", a)],
  ["a column that is a Polars Series", { a: polars.Series("a", a) }],
])("%s: the rows are counted without opening the frame, and are those that it has", (_, frame) => {
  expect(countRows(frame)).toBe(3);
  const { rows: opened } = openFrame(frame, { maxFrameRows: 10, maxFrameColumns: 10 });
  expect([3, -1]).toContain(opened);
});

const boom = (): never => {
  throw new Error("boom");
};

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["a number", 5],
  ["a text", "three"],
  ["no columns", {}],
  ["a column that is none", { a: 1 }],
  ["bytes", new Uint8Array(3)],
  [
    "a getter that throws",
    {
      get a() {
        return boom();
      },
    },
  ],
  ["a Proxy that throws", new Proxy({}, { ownKeys: boom, getPrototypeOf: boom, get: boom })],
  ["a revoked Proxy", revoked()],
  ["a length that is none", new Proxy([], { get: () => Number.NaN })],
  ["an endless length", { a: new Proxy([], { get: () => 2 ** 53 }) }],
  ["a negative height", Object.assign(Object.create({}), { height: -1, getColumns: boom })],
  ["a method that throws", Object.assign(Object.create({}), { numRows: boom })],
])("%s has no rows that could be counted, and harms nobody", (_, frame) => {
  expect(countRows(frame)).toBe(0);
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}
