/** The side of a join that a collection is on. */
export type JoinSide = "inputs" | "outputs" | "labels";

/** Rows by what became of them: each is one of `matched` to `superseded`. */
export interface JoinCounts {
  /** All of them: the sum of the others. */
  readonly rows: number;
  /**
   * Of inputs: those with an output in one of the collections. Of outputs and labels: those of an input; of
   * labels only what was said last.
   */
  readonly matched: number;
  /** Without what they would belong to. */
  readonly only: number;
  /** Rows that were stored before: the same event and index again. */
  readonly duplicates: number;
  /** Collected later after their request, or after their input, than `lateness` allows. */
  readonly late: number;
  /** Labels that were corrected later, in time. */
  readonly superseded: number;
}

/** What became of the rows of one collection. */
export interface CollectionJoin extends JoinCounts {
  readonly side: JoinSide;
  readonly collection: string;
}

/** What became of the rows of one collection whose requests started in one hour. */
export interface HourJoin extends CollectionJoin {
  /** When the hour begins, UTC. */
  readonly hour: Date;
  readonly endpoint: string;
  readonly deployment: string;
}

/** What became of every row of a join. */
export interface JoinAccount {
  /**
   * Joined rows: how many `rows()` gives. With one output for each input these are as many as matched inputs.
   */
  readonly matched: number;
  /** Joined rows that have a label. */
  readonly labelled: number;
  /** Inputs without an output. */
  readonly inputsOnly: number;
  /** Outputs without an input. */
  readonly outputsOnly: number;
  /** Labels without an input. */
  readonly labelsOnly: number;
  /** Rows of any side that were stored before. */
  readonly duplicates: number;
  /** Outputs and labels that came too late. */
  readonly late: number;
  /** Frames of outputs with another number of rows than their inputs; always 0 with `by: "request"`. */
  readonly unequal: number;
  /** By collection: inputs, outputs, labels. */
  readonly collections: readonly CollectionJoin[];
  /** By hour, endpoint, deployment and collection. */
  readonly hours: readonly HourJoin[];
}

/** What became of a row; `outside` is a row that is not counted, for its request is not in the range. */
export const verdict = { outside: 0, matched: 1, only: 2, duplicate: 3, late: 4, superseded: 5 } as const;

const kinds = 6;
const hourMicros = 3_600_000_000;

/** A collection of a join. */
export interface SideCollection {
  readonly side: JoinSide;
  readonly collection: string;
}

/** Counts rows of the collections of one deployment. */
export class Tally {
  readonly endpoint: string;
  readonly deployment: string;
  matched = 0;
  labelled = 0;
  unequal = 0;
  readonly #sides: readonly SideCollection[];
  /** By side, then hour. */
  readonly #hours: readonly Map<number, Float64Array>[];

  constructor(endpoint: string, deployment: string, sides: readonly SideCollection[]) {
    this.endpoint = endpoint;
    this.deployment = deployment;
    this.#sides = sides;
    this.#hours = sides.map(() => new Map());
  }

  /** Counts so many rows of a side, whose requests started then; of fewer than 0, takes them back. */
  add(side: number, requestMicros: number, found: number, rows: number): void {
    if (found === verdict.outside || rows === 0) return;
    const hours = this.#hours[side] as Map<number, Float64Array>;
    const hour = Math.floor(requestMicros / hourMicros);
    let counts = hours.get(hour);
    if (counts === undefined) hours.set(hour, (counts = new Float64Array(kinds)));
    counts[found] = (counts[found] as number) + rows;
  }

  /** By hour and side. */
  hours(): HourJoin[] {
    const { endpoint, deployment } = this;
    return this.#sides.flatMap((side, i) =>
      Array.from(this.#hours[i] ?? [], ([hour, counts]) => ({
        hour: new Date(hour * (hourMicros / 1_000)),
        endpoint,
        deployment,
        ...side,
        ...countsOf(counts),
      })).filter(({ rows }) => rows > 0),
    );
  }
}

function countsOf(counts: Float64Array): JoinCounts {
  const of = (kind: number): number => counts[kind] ?? 0;
  return {
    rows: counts.reduce((sum, count) => sum + count, 0),
    matched: of(verdict.matched),
    only: of(verdict.only),
    duplicates: of(verdict.duplicate),
    late: of(verdict.late),
    superseded: of(verdict.superseded),
  };
}

/** The account of all deployments together. */
export function accountOf(sides: readonly SideCollection[], tallies: readonly Tally[]): JoinAccount {
  const hours = tallies
    .flatMap((tally) => tally.hours())
    .map((hour) => ({ hour, order: sides.findIndex(({ collection }) => collection === hour.collection) }))
    .sort(
      (a, b) =>
        a.hour.hour.getTime() - b.hour.hour.getTime() ||
        compare(a.hour.endpoint, b.hour.endpoint) ||
        compare(a.hour.deployment, b.hour.deployment) ||
        a.order - b.order,
    )
    .map(({ hour }) => hour);
  const collections = sides.map((side) => ({
    ...side,
    ...total(hours.filter(({ collection }) => collection === side.collection)),
  }));
  const sum = (of: readonly CollectionJoin[], key: keyof JoinCounts): number =>
    of.reduce((all, one) => all + one[key], 0);
  const onlyOf = (side: JoinSide): number =>
    sum(
      collections.filter((one) => one.side === side),
      "only",
    );
  const together = (key: "matched" | "labelled" | "unequal"): number =>
    tallies.reduce((all, tally) => all + tally[key], 0);
  return {
    matched: together("matched"),
    labelled: together("labelled"),
    inputsOnly: onlyOf("inputs"),
    outputsOnly: onlyOf("outputs"),
    labelsOnly: onlyOf("labels"),
    duplicates: sum(collections, "duplicates"),
    late: sum(collections, "late"),
    unequal: together("unequal"),
    collections,
    hours,
  };
}

function total(hours: readonly JoinCounts[]): JoinCounts {
  const sums = { rows: 0, matched: 0, only: 0, duplicates: 0, late: 0, superseded: 0 };
  for (const hour of hours)
    for (const key of Object.keys(sums) as (keyof JoinCounts)[]) sums[key] += hour[key];
  return sums;
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
