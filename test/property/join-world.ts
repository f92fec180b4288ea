import fc from "fast-check";
import { labelKeyId } from "../../src/layout/ground-truth/label-key.ts";
import { createCatalog } from "../../src/reader/catalog.ts";
import type { JoinLimits } from "../../src/reader/join/stretch-reader.ts";
import { joinCollections } from "../../src/reader/join/join.ts";
import { openRoot } from "../../src/reader/open-root.ts";
import type { JoinedRow } from "../../src/reader.ts";
import { disposableFolder } from "../support/temp-folder.ts";
import { idAt, type StoredFrame, storeFile } from "../unit/reader/stored-data.ts";

/**
 * Whatever was collected of a few requests, and what a join of it must say: by looking at every row beside
 * every other one, all of them in memory.
 */

const start = Date.parse("2026-11-22T22:00:00.000Z");
const minute = 60_000;
const hour = 60 * minute;

const collections = ["inputs", "outputs", "more", "labels"] as const;
type Collection = (typeof collections)[number];

const types = { value: "DOUBLE", order: "STRING" } as const;
const orders = ["A", "B", null] as const;

/** Minutes after the start: at and beside hours and midnight. */
const minutes = fc.constantFrom(0, 1, 59, 60, 61, 119, 120, 121, 239);

type StoredFrames = JoinCase["frames"];

/** Frames as they come, of so many requests. */
const anyFrames = (requests: number, maxLength: number): fc.Arbitrary<StoredFrames> =>
  fc.array(
    fc.record({
      collection: fc.constantFrom(...collections, "inputs" as const, "outputs" as const, "labels" as const),
      request: fc.nat(requests - 1),
      after: fc.constantFrom(0, 0, 1, 2, 30, 90, 180),
      apart: fc.constantFrom(0, 0, 0, 0, 1, 60, 61),
      rows: fc.array(fc.constantFrom(...orders), { minLength: 1, maxLength: 3 }),
      copies: fc.constantFrom(0, 0, 0, 0, 1, 2),
      byKey: fc.option(fc.constantFrom("A", "B")),
    }),
    { maxLength },
  );

/** Frames as they should be: of a request at most one in each collection, mostly with as many rows. */
const tidyFrames: (requests: number, maxRows: number) => fc.Arbitrary<StoredFrames> = (requests, maxRows) =>
  fc
    .array(
      fc.record({
        rows: fc.integer({ min: 1, max: maxRows }),
        has: fc.record({ inputs: often(), outputs: often(), more: fc.boolean() }),
        extra: fc.constantFrom(...Array.from({ length: requests * 2 }, () => 0), 1),
      }),
      { minLength: requests, maxLength: requests },
    )
    .map((all) =>
      all.flatMap(({ rows, has, extra }, request) =>
        (["inputs", "outputs", "more"] as const)
          .filter((name) => has[name])
          .map((collection) => ({
            collection,
            request,
            after: 1,
            apart: 0,
            rows: Array.from({ length: rows + (collection === "outputs" ? extra : 0) }, () => null),
            copies: 0,
            byKey: null,
          })),
      ),
    );

function often(): fc.Arbitrary<boolean> {
  return fc.constantFrom(true, true, true, true, false);
}

/** One case: what is stored, how it is asked for, and how little is in memory at once. */
export interface JoinCase {
  readonly requests: readonly { readonly at: number; readonly isUuid: boolean }[];
  readonly frames: readonly {
    readonly collection: Collection;
    readonly request: number;
    /** Minutes between the request's beginning and the call. */
    readonly after: number;
    /** Another context of the same id, so many minutes later. */
    readonly apart: number;
    readonly rows: readonly (string | null)[];
    readonly copies: number;
    /** Labels only: by business key. */
    readonly byKey: string | null;
  }[];
  readonly rate: "day" | "hour" | "minute";
  /** Whether files have their frames in the order of ids, as after a compaction. */
  readonly isSorted: boolean;
  readonly rowGroupRows: number;
  readonly options: {
    readonly outputs: string | string[];
    readonly labels: boolean;
    readonly by: "row" | "request";
    readonly lateness: number | string;
    readonly from: number | null;
    readonly to: number | null;
  };
  readonly limits: JoinLimits;
}

/** Cases of all kinds, and those in which most is as it should be. */
export const joinCases: fc.Arbitrary<JoinCase> = fc.oneof(
  casesWith({
    requests: requestsOf(4, fc.boolean()),
    frames: anyFrames(4, 14),
    labels: fc.boolean(),
    by: fc.constantFrom("row" as const, "request" as const),
    lateness: fc.constantFrom(0, minute, 30 * minute, "90m", "30d", Number.POSITIVE_INFINITY),
  }),
  casesWith({
    requests: requestsOf(8, fc.constant(true)),
    frames: fc.tuple(tidyFrames(8, 3), anyFrames(8, 2)).map((both) => both.flat()),
    labels: fc.constant(false),
    by: fc.constant("row" as const),
    lateness: fc.constantFrom(2 * minute, "30d"),
  }),
  // Of few hours, and nearly all of them a row each.
  casesWith({
    requests: requestsOf(12, fc.constant(true), fc.constantFrom(0, 1, 59, 60)),
    frames: fc.tuple(tidyFrames(12, 1), anyFrames(12, 1)).map((both) => both.flat()),
    labels: fc.constant(false),
    by: fc.constant("row" as const),
    lateness: fc.constantFrom(2 * minute, "30d"),
  }),
);

function requestsOf(
  count: number,
  isUuid: fc.Arbitrary<boolean>,
  at: fc.Arbitrary<number> = minutes,
): fc.Arbitrary<JoinCase["requests"]> {
  return fc.array(fc.record({ at, isUuid }), { minLength: count, maxLength: count });
}

function casesWith({
  requests,
  frames,
  ...options
}: {
  readonly requests: fc.Arbitrary<JoinCase["requests"]>;
  readonly frames: fc.Arbitrary<StoredFrames>;
  readonly labels: fc.Arbitrary<boolean>;
  readonly by: fc.Arbitrary<"row" | "request">;
  readonly lateness: fc.Arbitrary<number | string>;
}): fc.Arbitrary<JoinCase> {
  return fc.record({
    requests,
    frames,
    rate: fc.constantFrom("day" as const, "hour" as const, "minute" as const),
    isSorted: fc.boolean(),
    rowGroupRows: fc.constantFrom(1, 2, 3, 7),
    options: fc.record({
      ...options,
      outputs: fc.constantFrom("outputs", ["outputs"], ["outputs", "more"]),
      from: fc.option(minutes, { freq: 3 }),
      to: fc.option(minutes, { freq: 3 }),
    }),
    limits: fc.record({
      maxRows: fc.integer({ min: 4, max: 40 }),
      maxPlainRows: fc.constantFrom(0, 30, 1_000),
      maxBytes: fc.constantFrom(1, 5_000, 100_000),
      maxStrays: fc.integer({ min: 1, max: 4 }),
    }),
  });
}

interface StoredRow {
  readonly collection: Collection;
  readonly id: string;
  readonly event: string;
  readonly index: number;
  readonly requestTime: number;
  readonly eventTime: number;
  readonly value: number;
  readonly order: string | null;
  readonly key: string | null;
}

/** What a join says, and what it must say. */
export interface Comparison {
  readonly said: unknown;
  readonly expected: unknown;
}

/** Stores a case, joins it, and looks at it by hand. */
export async function compareJoin(given: JoinCase): Promise<Comparison> {
  await using folder = await disposableFolder();
  const stored = framesOf(given);
  const { outputs, labels, by, lateness, from, to } = given.options;
  const files = new Map<string, { frames: StoredFrame[]; copy: number }>();
  const depth = { day: 10, hour: 13, minute: 16 }[given.rate];
  for (const { frame, copies } of stored)
    for (let copy = 0; copy <= copies; copy++) {
      const name = `${frame.collection} ${frame.requestTime.slice(0, depth)} ${copy}`;
      files.set(name, { copy, frames: [...(files.get(name)?.frames ?? []), frame] });
    }
  const { rate, rowGroupRows } = given;
  for (const { frames: all, copy } of files.values()) {
    const together = given.isSorted ? all.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)) : all;
    storeFile(folder.path, together, types, { rate, rowGroupRows, name: `${copy}.parquet` });
  }
  // Collections that are asked for are there, long before all else.
  for (const collection of ["inputs", "outputs", "more"])
    storeFile(
      folder.path,
      [{ collection, id: "before", requestTime: "2020-01-01T00:00:00.000Z", rows: [{}] }],
      types,
      { rate: given.rate, endpoint: "elsewhere" },
    );
  const range = {
    from: from === null ? start - 240 * minute : start + from * minute,
    ...(to === null ? {} : { to: start + to * minute }),
  };
  const catalog = createCatalog(openRoot(folder.path, undefined), {});
  const { account, rows } = await joinCollections(
    catalog,
    { inputs: "inputs", outputs, labels, by, lateness, ...range },
    given.limits,
  );
  const expected = joinByHand(rowsOf(stored), {
    outputs: [outputs].flat() as Collection[],
    labels,
    by,
    latenessMs: typeof lateness === "number" ? lateness : ({ "90m": 90 * minute }[lateness] ?? 720 * hour),
    from: range.from,
    to: range.to ?? Number.POSITIVE_INFINITY,
    rate: given.rate,
  });
  const joined: JoinedRow[] = [];
  for await (const row of rows()) joined.push(row as unknown as JoinedRow);
  return {
    said: {
      counts: account.hours
        .flatMap(({ hour: of, collection, ...counts }) =>
          (["matched", "only", "duplicates", "late", "superseded"] as const).map(
            (kind) => `${of.toISOString()} ${collection} ${kind} ${counts[kind]}`,
          ),
        )
        .filter((text) => !text.endsWith(" 0"))
        .sort(),
      matched: account.matched,
      labelled: account.labelled,
      rows: joined.map((row) => rowText(row, outputs)).sort(),
    },
    expected,
  };
}

function rowText(row: JoinedRow, outputs: string | readonly string[]): string {
  const of = (values: unknown): unknown => (values as { value: number } | null)?.value ?? null;
  const found =
    typeof outputs === "string"
      ? [of(row.outputs)]
      : outputs.map((name) => of((row.outputs as Record<string, unknown>)[name]));
  return JSON.stringify([
    row.id,
    row.rowIndex,
    row.requestTime.getTime(),
    of(row.inputs),
    found,
    of(row.labels),
  ]);
}

function framesOf({
  requests,
  frames: given,
}: JoinCase): { frame: StoredFrame; copies: number; key: string | null }[] {
  return given.map(({ collection, request, after, apart, rows, copies, byKey }, i) => {
    const { at = 0, isUuid = false } = requests[request] ?? {};
    const begun = start + at * minute;
    const own = new Date(begun + apart * minute).toISOString();
    const key = collection === "labels" ? byKey : null;
    const id = isUuid ? idAt(new Date(begun).toISOString(), request) : `request ${request}`;
    const frame: StoredFrame = {
      collection,
      id: key === null ? id : labelKeyId([["order", key]]),
      eventId: `event ${String(i).padStart(2, "0")}`,
      requestTime: own,
      eventTime: new Date(begun + (apart + after) * minute).toISOString(),
      rows: rows.map((order, row) => ({ value: i * 10 + row, order: key ?? order })),
      ...(key === null ? {} : { tags: JSON.stringify({ label_key: '["order"]' }) }),
    };
    return { frame, copies, key };
  });
}

function rowsOf(stored: ReturnType<typeof framesOf>): StoredRow[] {
  return stored.flatMap(({ frame, copies, key }) =>
    Array.from({ length: copies + 1 }, () =>
      frame.rows.map(
        (row, index): StoredRow => ({
          collection: frame.collection as Collection,
          id: frame.id,
          event: frame.eventId ?? "",
          index,
          requestTime: Date.parse(frame.requestTime),
          eventTime: Date.parse(frame.eventTime ?? ""),
          value: row["value"] as number,
          order: row["order"] as string | null,
          key,
        }),
      ),
    ).flat(),
  );
}

interface Asked {
  readonly outputs: readonly Collection[];
  readonly labels: boolean;
  readonly by: "row" | "request";
  readonly latenessMs: number;
  readonly from: number;
  readonly to: number;
  readonly rate: "day" | "hour" | "minute";
}

function joinByHand(all: readonly StoredRow[], asked: Asked) {
  const rows = all.filter((row) => isVisible(row, asked));
  const isHere = ({ requestTime }: StoredRow): boolean => requestTime >= asked.from && requestTime < asked.to;
  const isCopy = (row: StoredRow): boolean =>
    rows.findIndex(
      (one) => one.collection === row.collection && one.event === row.event && one.index === row.index,
    ) !== rows.indexOf(row);
  const first = rows.filter((row) => !isCopy(row));
  const inputs = first.filter(({ collection }) => collection === "inputs");
  const partnersOf = (output: StoredRow): StoredRow[] => {
    const frame = (row: StoredRow): string => `${row.eventTime.toString().padStart(20, "0")} ${row.event}`;
    const of = (collection: string): string[] =>
      [
        ...new Set(first.filter((row) => row.collection === collection && row.id === output.id).map(frame)),
      ].sort();
    const [ins, outs] = [of("inputs"), of(output.collection)];
    const place = outs.indexOf(frame(output));
    const earlier = ins.filter((name) => Number(name.slice(0, 20)) <= output.eventTime);
    const partner = ins.length === outs.length ? ins[place] : (earlier.at(-1) ?? ins[0]);
    return inputs.filter(
      (row) =>
        row.id === output.id &&
        frame(row) === partner &&
        (asked.by === "request" || row.index === output.index),
    );
  };
  const isLate = (row: StoredRow, input: StoredRow): boolean =>
    row.eventTime - Math.max(input.requestTime, input.eventTime) > asked.latenessMs;
  const pairs = first
    .filter(({ collection }) => asked.outputs.includes(collection))
    .map((output) => ({ output, of: partnersOf(output) }));
  const outputsOf = (input: StoredRow, collection: Collection): StoredRow[] =>
    pairs
      .filter(
        ({ output, of }) => output.collection === collection && of.includes(input) && !isLate(output, input),
      )
      .map(({ output }) => output);
  const labelsOf = (input: StoredRow): StoredRow[] =>
    first
      .filter(({ collection }) => collection === "labels")
      .filter((label) =>
        label.key === null ? label.id === input.id && label.index === input.index : label.key === input.order,
      );
  const lastOf = (input: StoredRow, isByKey: boolean): StoredRow | undefined =>
    labelsOf(input)
      .filter((label) => (label.key !== null) === isByKey && !isLate(label, input))
      .sort(
        (a, b) =>
          a.eventTime - b.eventTime || (a.event < b.event ? -1 : a.event > b.event ? 1 : a.index - b.index),
      )
      .at(-1);
  const truthOf = (input: StoredRow): StoredRow | undefined =>
    [lastOf(input, true), lastOf(input, false)]
      .filter((one) => one !== undefined)
      .sort((a, b) => a.eventTime - b.eventTime)
      .at(-1);

  const classOf = (row: StoredRow): string | undefined => {
    if (isCopy(row)) return isHere(row) ? "duplicates" : undefined;
    if (row.collection === "inputs") {
      if (!isHere(row)) return undefined;
      return asked.outputs.some((name) => outputsOf(row, name).length > 0) ? "matched" : "only";
    }
    if (row.collection !== "labels") {
      const [input] = partnersOf(row);
      if (input === undefined) return isHere(row) ? "only" : undefined;
      if (!isHere(input)) return undefined;
      return isLate(row, input) ? "late" : "matched";
    }
    const own = inputs.filter((input) => labelsOf(input).includes(row));
    const here = own.filter(isHere);
    // A label of a key is of no request in particular.
    if (own.length === 0 || (row.key !== null && here.length === 0)) return isHere(row) ? "only" : undefined;
    if (here.length === 0) return undefined;
    if (here.some((input) => lastOf(input, row.key !== null) === row)) return "matched";
    return here.some((input) => !isLate(row, input)) ? "superseded" : "late";
  };
  const counts = new Map<string, number>();
  for (const row of rows) {
    const found = classOf(row);
    if (found === undefined) continue;
    const at = new Date(Math.floor(row.requestTime / hour) * hour).toISOString();
    const name = `${at} ${row.collection} ${found}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const joined = inputs.filter(isHere).flatMap((input) => {
    const found = asked.outputs.map((name) => outputsOf(input, name));
    if (found.every((of) => of.length === 0)) return [];
    const sets = found.reduce<(StoredRow | undefined)[][]>(
      (sets, of) => sets.flatMap((set) => (of.length === 0 ? [undefined] : of).map((one) => [...set, one])),
      [[]],
    );
    const truth = asked.labels ? truthOf(input) : undefined;
    return sets.map((set) => ({ input, set, truth }));
  });
  return {
    counts: Array.from(counts, ([name, count]) => `${name} ${count}`).sort(),
    matched: joined.length,
    labelled: joined.filter(({ truth }) => truth !== undefined).length,
    rows: joined
      .map(({ input, set, truth }) =>
        JSON.stringify([
          input.id,
          input.index,
          input.requestTime,
          input.value,
          set.map((one) => one?.value ?? null),
          truth?.value ?? null,
        ]),
      )
      .sort(),
  };
}

/**
 * What a join looks at: the range, an hour to either side, by whole partitions; labels for as long as they
 * may be late.
 */
function isVisible({ collection, requestTime, key }: StoredRow, asked: Asked): boolean {
  if (collection !== "inputs" && collection !== "labels" && !asked.outputs.includes(collection)) return false;
  if (collection === "labels" && !asked.labels) return false;
  const length = { day: 24 * hour, hour, minute }[asked.rate];
  const begin = Math.floor(requestTime / length) * length;
  const end = begin + length;
  const until = asked.to + hour + (collection === "labels" ? asked.latenessMs : 0);
  return begin < until && (key !== null || end > asked.from - hour);
}
