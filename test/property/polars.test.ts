import * as arrow from "apache-arrow";
import fc from "fast-check";
import pl from "nodejs-polars";
import { expect, test } from "vitest";
import { arrowData, type Kind } from "../support/arrow-kind.ts";
import { dictionaryOf, listOf, structOf } from "../support/arrow-nestings.ts";
import { scalarKinds } from "../support/arrow-scalars.ts";
import { batchOf, cellsOf } from "../unit/frame/frame-support.ts";

const named = (name: string): Kind => scalarKinds.find((kind) => kind.name === name) as Kind;

/** The same with values that Polars has, too. */
const within = (name: string, size: bigint): Kind => ({
  ...named(name),
  value: fc.oneof(fc.bigInt({ min: -size, max: size }), fc.constantFrom(0n, 1n, -1n, size, -size)),
});

/** Times of day as Polars writes them: with three, six or nine decimals of a second, or none. */
const clock = named("time 3");
const short = (nanos: unknown): string => String(clock.cell(nanos)?.[1]).replace(/\.?(000)+$/, "");
const time: Kind = {
  ...clock,
  value: fc.oneof(
    fc.bigInt({ min: 0n, max: 86_399_999_999_999n }),
    fc.bigInt({ min: 0n, max: 86_399n }).map((seconds) => seconds * 1_000_000_000n),
  ),
  cell: (value) => (value === null ? null : ["string", short(value)]),
  json: (value) => (value === null ? "null" : `"${short(value)}"`),
};

const far = 2n ** 63n - 1n;
const scalars: readonly Kind[] = [
  // Arrow's writer lays views down in a way that Polars refuses; its own texts and bytes are views anyway.
  ...scalarKinds.filter(({ name }) =>
    /^(Int\d|Uint|float|(large)?utf8$|(large|fixedSize)?binary$|bool|null)/i.test(name),
  ),
  within("date day", 90_000_000n),
  ...["undefined", "Europe/Berlin"].flatMap((zone) => [
    within(`timestamp 1 ${zone}`, 8_000_000_000_000_000n),
    within(`timestamp 2 ${zone}`, 8_000_000_000_000_000_000n),
    within(`timestamp 3 ${zone}`, far),
  ]),
  within("duration 1", far),
  within("duration 2", far),
  within("duration 3", far),
  time,
];

const nestings = (kind: Kind): readonly Kind[] => [
  kind,
  listOf(kind, "list"),
  listOf(kind, "fixedSizeList"),
  listOf(listOf(kind, "list"), "list"),
  structOf([kind, named("utf8")]),
  listOf(structOf([kind]), "list"),
  structOf([listOf(kind, "list"), structOf([kind])]),
];

/** Of each kind a column of as many values, by name. */
function frames(kinds: readonly Kind[]): fc.Arbitrary<Record<string, unknown[]>> {
  const length = 24;
  return fc.record(
    Object.fromEntries(
      kinds.map((kind) => [
        kind.name,
        fc.array(fc.option(kind.value, { freq: 4 }), { minLength: length, maxLength: length }),
      ]),
    ),
  );
}

/** What Polars makes of Arrow's file is stored as Arrow's values are, in whole and in part. */
function check(kinds: readonly Kind[], values: Record<string, unknown[]>): void {
  const vectors = kinds.map((kind) => [
    kind.name,
    new arrow.Vector([arrowData(kind, values[kind.name] as unknown[], { before: 0, after: 0 })]),
  ]);
  const table = new arrow.Table(Object.fromEntries(vectors) as Record<string, arrow.Vector>);
  const frame = pl.readIPC(Buffer.from(arrow.tableToIPC(table, "file")));
  for (const [from, part] of [
    [0, frame],
    [5, frame.slice(5, 7)],
  ] as const) {
    const stored = cellsOf(batchOf([part]));
    for (const kind of kinds) {
      const expected = (values[kind.name] as unknown[]).slice(from, from + part.height);
      const got = stored.map((row) => row.get(kind.name)).map((cell) => cell && [cell.type, cell.value]);
      expect(got, kind.name).toEqual(expected.map((value) => kind.cell(value) ?? undefined));
    }
  }
}

test.each(scalars.map((kind) => [kind.name, kind] as const))(
  "nodejs-polars: %s, at top level and inside lists, arrays and structs, with nulls",
  (_, scalar) => {
    const kinds = nestings(scalar);
    fc.assert(
      fc.property(frames(kinds), (values) => check(kinds, values)),
      { numRuns: 1 },
    );
  },
);

test("nodejs-polars: categories, at top level and inside lists and structs", () => {
  const category = dictionaryOf({ ...named("utf8"), value: fc.constantFrom("a", "b", "é", "") });
  for (const kind of [category, structOf([category]), listOf(category, "list")]) {
    fc.assert(
      fc.property(frames([kind]), (values) => check([kind], values)),
      { numRuns: 2 },
    );
  }
});
