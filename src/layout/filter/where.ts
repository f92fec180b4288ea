import { describe, quote, told, wrongKind, wrongValue } from "../../base/errors.ts";
import type { Filter, Scalar } from "./filter.ts";

/**
 * A value to compare with. `null` stands for no value. A number is compared with `int64` and `int32` by what
 * it is worth, a `Date` (or, with a timestamp, an ISO 8601 text) to the microsecond, a text with string and
 * json columns by its code points. A value of another kind than its column is in no row.
 */
export type WhereValue = string | number | bigint | boolean | Date | Uint8Array | null;

/**
 * Conditions on one column; all of them must hold. A row without a value satisfies only those that say so.
 */
export interface WhereCondition {
  /** The value, or none (`null`). `NaN` finds `NaN`; `-0` and `0` are the same. */
  readonly equals?: WhereValue;
  /** One of these. */
  readonly in?: readonly WhereValue[];
  /** Above this, not at it. */
  readonly above?: Exclude<WhereValue, null | boolean>;
  /** This or above. */
  readonly atLeast?: Exclude<WhereValue, null | boolean>;
  /** Below this, not at it. */
  readonly below?: Exclude<WhereValue, null | boolean>;
  /** This or below. */
  readonly atMost?: Exclude<WhereValue, null | boolean>;
  /**
   * A text that is part of the column's text, or bytes in UTF-8; of a list, an element that is this value.
   */
  readonly contains?: Exclude<WhereValue, null>;
  /** What must not be so: `{ not: null }` has a value, `{ not: "JFK" }` is another one, or has none. */
  readonly not?: WhereValue | WhereCondition;
}

/**
 * Which rows are wanted: a value or conditions for each column, all of which must hold. `$and` and `$or` take
 * several of these, `$not` one: it is true of exactly the rows of which that is not. A file that lacks a
 * column has no value of it in all its rows.
 *
 * @example
 * ```ts
 * import { openDataset, type Where } from "model-data-collector/reader";
 *
 * const where: Where = {
 *   origin: { in: ["JFK", "SEA"] },
 *   distance: { atLeast: 500, below: 1_000 },
 *   $not: { delay: null },
 * };
 * await using data = await openDataset("./collected");
 * for await (const row of data.table("model_inputs", { where }).rows()) console.log(row["origin"]);
 * ```
 */
export interface Where {
  readonly [column: string]: WhereValue | WhereCondition | Where | readonly Where[] | undefined;
  readonly $and?: readonly Where[];
  readonly $or?: readonly Where[];
  readonly $not?: Where;
}

/** Levels of `$and`, `$or` and `not`. */
const maxDepth = 32;
const expectedValue = "a text, number, bigint, boolean, Date, Uint8Array or null";

/** A {@link Where} as a filter. Throws for what is none, with `where` before its place. */
export function parseWhere(given: unknown, where: string, depth = 0): Filter {
  if (typeof given !== "object" || given === null || Array.isArray(given) || isScalar(given))
    throw wrongKind(where, "an object of conditions by column", given);
  if (depth > maxDepth) throw wrongValue(where, `at most ${maxDepth} levels`, told("more"));
  const parts = Object.entries(given).flatMap(([name, value]: [string, unknown]): Filter[] => {
    if (value === undefined) return [];
    const place = `${where}.${name}`;
    switch (name) {
      case "$and":
        return [{ kind: "all", of: listOf(value, place, depth) }];
      case "$or":
        return [{ kind: "any", of: listOf(value, place, depth) }];
      case "$not":
        return [{ kind: "not", of: parseWhere(value, place, depth + 1) }];
      default:
        return [parseCondition(name, value, place, depth)];
    }
  });
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "all", of: parts };
}

function listOf(value: unknown, where: string, depth: number): Filter[] {
  if (!Array.isArray(value)) throw wrongKind(where, "an array of conditions", value);
  return value.map((one, i) => parseWhere(one, `${where}[${i}]`, depth + 1));
}

function parseCondition(column: string, given: unknown, where: string, depth: number): Filter {
  if (given === null || isScalar(given)) return oneOf(column, [given], where);
  if (typeof given !== "object" || Array.isArray(given)) throw wrongKind(where, expectedValue, given);
  if (depth > maxDepth) throw wrongValue(where, `at most ${maxDepth} levels`, told("more"));
  const parts = Object.entries(given).flatMap(([name, value]: [string, unknown]): Filter[] => {
    if (value === undefined) return [];
    const place = `${where}.${name}`;
    switch (name) {
      case "equals":
        return [oneOf(column, [value], place)];
      case "in":
        if (!Array.isArray(value)) throw wrongKind(place, "an array of values", value);
        return [oneOf(column, value, place)];
      case "above":
      case "atLeast":
        return [range(column, { from: bound(value, place), open: name === "above" })];
      case "below":
      case "atMost":
        return [range(column, { to: bound(value, place), open: name === "below" })];
      case "contains":
        if (!isScalar(value)) throw wrongKind(place, "a text or another value", value);
        return [{ kind: "column", column, test: { kind: "contains", value } }];
      case "not":
        return [{ kind: "not", of: parseCondition(column, value, place, depth + 1) }];
      default:
        throw wrongValue(where, `only ${conditionNames.join(", ")}`, told(quote(name)));
    }
  });
  if (parts.length === 0) throw wrongValue(where, `one of ${conditionNames.join(", ")}`, told("none"));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "all", of: parts };
}

const conditionNames = ["equals", "in", "above", "atLeast", "below", "atMost", "contains", "not"];

function oneOf(column: string, given: readonly unknown[], where: string): Filter {
  const values: Scalar[] = [];
  for (const value of given) {
    if (value === null) continue;
    if (!isScalar(value)) throw wrongKind(where, expectedValue, value);
    values.push(value);
  }
  const tests: Filter[] = [];
  if (values.length > 0 || given.length === 0)
    tests.push({ kind: "column", column, test: { kind: "in", values } });
  if (values.length < given.length) tests.push({ kind: "column", column, test: { kind: "null" } });
  return tests.length === 1 && tests[0] !== undefined ? tests[0] : { kind: "any", of: tests };
}

function range(column: string, limits: { from?: Scalar; to?: Scalar; open: boolean }): Filter {
  return { kind: "column", column, test: { kind: "range", ...limits } };
}

function bound(value: unknown, where: string): Scalar {
  const ordered = isScalar(value) && typeof value !== "boolean" && !Number.isNaN(Number(asNumber(value)));
  if (!ordered) throw wrongValue(where, "a text, a number, a Date or bytes", told(describe(value)));
  return value;
}

/** What has an order but for `NaN` and times that are none. */
function asNumber(value: Scalar): unknown {
  return typeof value === "number" || value instanceof Date ? value : 0;
}

function isScalar(value: unknown): value is Scalar {
  if (value instanceof Uint8Array) return true;
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}
