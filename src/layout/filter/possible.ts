import type { BoundFilter, BoundTest } from "./bound-filter.ts";
import { compareValues, type Stored } from "./stored-values.ts";

/** What is known of the values of a column in some rows. Bounds need not be values. */
export interface ValueFacts {
  readonly rows: number;
  /** How many rows have no value, if that is known. */
  readonly nulls: number | undefined;
  readonly min: unknown;
  readonly max: unknown;
  /** False of a value that is certainly not there. */
  readonly mayHave?: ((value: Stored) => boolean) | undefined;
}

/** Whether the answer can be yes, and no, of any of some rows. */
interface Possible {
  readonly yes: boolean;
  readonly no: boolean;
}

/**
 * Whether any of some rows can be wanted, by what is known of their columns; of a column that is not there,
 * none.
 */
export function canMatch(filter: BoundFilter, facts: (column: string) => ValueFacts | undefined): boolean {
  return possible(filter, facts).yes;
}

function possible(filter: BoundFilter, facts: (column: string) => ValueFacts | undefined): Possible {
  switch (filter.kind) {
    case "all": {
      const parts = filter.of.map((one) => possible(one, facts));
      return { yes: parts.every(({ yes }) => yes), no: parts.some(({ no }) => no) };
    }
    case "any": {
      const parts = filter.of.map((one) => possible(one, facts));
      return { yes: parts.some(({ yes }) => yes), no: parts.every(({ no }) => no) };
    }
    case "not": {
      const { yes, no } = possible(filter.of, facts);
      return { yes: no, no: yes };
    }
    case "test":
      return possibleOf(filter, facts(filter.column));
  }
}

function possibleOf(test: BoundTest, facts: ValueFacts | undefined): Possible {
  const hasNulls = facts === undefined ? undefined : facts.nulls === undefined || facts.nulls > 0;
  const hasValues = facts !== undefined && (facts.nulls === undefined || facts.nulls < facts.rows);
  if (test.asks === "null") return { yes: hasNulls ?? true, no: facts === undefined ? true : hasValues };
  if (facts === undefined) return { yes: true, no: true };
  return { yes: hasValues && mayBeAmong(test, facts), no: true };
}

/** Bounds of which nothing is known, or which have no order, rule nothing out. */
function mayBeAmong(test: BoundTest, { min, max, mayHave }: ValueFacts): boolean {
  const above = (value: Stored): boolean => (compareValues(max, value) ?? 0) < 0;
  const below = (value: Stored): boolean => (compareValues(min, value) ?? 0) > 0;
  switch (test.asks) {
    case "nothing":
      return false;
    case "in":
      return test.values.some((value) => !above(value) && !below(value) && mayHave?.(value) !== false);
    case "range": {
      const { from, to, open } = test;
      if (from !== undefined) return !above(from) && !(open && compareValues(max, from) === 0);
      return to === undefined || (!below(to) && !(open && compareValues(min, to) === 0));
    }
    default:
      return true;
  }
}
