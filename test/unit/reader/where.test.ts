import { expect, test } from "vitest";
import { datasetOf } from "../../../src/reader/dataset.ts";
import { createMemoryStore } from "../../../src/store/memory-store.ts";

/** What is wrong with a question is said before anything is read. */

const deep = Array.from({ length: 40 }).reduce<object>((inner) => ({ $not: inner }), { x: 1 });

test.each<[unknown, string]>([
  [null, "table: where: expected an object of conditions by column, got null"],
  ["x = 1", "table: where: expected an object of conditions by column, got a text of 5 characters"],
  [
    { x: Symbol.iterator },
    "table: where.x: expected a text, number, bigint, boolean, Date, Uint8Array or null",
  ],
  [
    { x: [1, 2] },
    "table: where.x: expected a text, number, bigint, boolean, Date, Uint8Array or null, got an array of 2",
  ],
  [
    { x: {} },
    "table: where.x: expected one of equals, in, above, atLeast, below, atMost, contains, not, got none",
  ],
  [
    { x: { gte: 1 } },
    'table: where.x: expected only equals, in, above, atLeast, below, atMost, contains, not, got "gte"',
  ],
  [{ x: { in: 1 } }, "table: where.x.in: expected an array of values, got a number"],
  [{ x: { above: null } }, "table: where.x.above: expected a text, a number, a Date or bytes, got null"],
  [{ x: { below: Number.NaN } }, "table: where.x.below: expected a text, a number, a Date or bytes, got NaN"],
  [{ x: new Date(Number.NaN) }, "table: where.x: expected"],
  [{ $or: { x: 1 } }, "table: where.$or: expected an array of conditions"],
  [{ $and: [{ x: 1 }, 2] }, "table: where.$and[1]: expected an object of conditions by column, got a number"],
  [deep, "at most 32 levels, got more"],
])("%j is refused, and says where and why", (where, message) => {
  const data = datasetOf(createMemoryStore());
  expect(() => data.table("inputs", { where: where as never })).toThrow(message);
});

test("a value in a question is never in a message", () => {
  const data = datasetOf(createMemoryStore());
  expect(() => data.table("inputs", { where: { x: { in: "secret" as never } } })).toThrow(/^(?!.*secret)/);
});
