import * as flechette from "@uwdata/flechette";
import * as arrow from "apache-arrow";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arrowData, flechetteBatch, type Kind } from "../support/arrow-kind.ts";
import { dictionaryOf, listOf, mapOf, runsOf, structOf, unionOf } from "../support/arrow-nestings.ts";
import { scalarKinds } from "../support/arrow-scalars.ts";
import { column } from "../unit/frame/frame-support.ts";

const named = (name: string): Kind => scalarKinds.find((kind) => kind.name === name) as Kind;
const text = named("utf8");

/** A type at top level, and inside each type that holds others. */
const nestings = (kind: Kind): readonly Kind[] => [
  kind,
  listOf(kind, "list"),
  listOf(kind, "largeList"),
  listOf(kind, "fixedSizeList"),
  listOf(kind, "listView"),
  listOf(kind, "largeListView"),
  listOf(listOf(kind, "list"), "list"),
  structOf([kind, text]),
  listOf(structOf([kind]), "list"),
  structOf([listOf(kind, "list"), structOf([kind])]),
  mapOf(text, kind),
  mapOf(named("utf8View"), listOf(kind, "list")),
  ...(kind.name === "null"
    ? []
    : [mapOf(kind, text), dictionaryOf(kind), listOf(dictionaryOf(kind), "list")]),
  structOf([dictionaryOf(kind)]),
  unionOf([text, kind], true),
  unionOf([kind, text], false),
  listOf(unionOf([kind, text], true), "list"),
  structOf([unionOf([kind, text], false)]),
  runsOf(kind),
  listOf(runsOf(kind), "list"),
  structOf([runsOf(kind)]),
];

const rows = (kind: Kind): fc.Arbitrary<unknown[][]> =>
  fc.array(fc.array(fc.option(kind.value, { freq: 4 }), { maxLength: 6 }), { minLength: 1, maxLength: 3 });
const padding = fc.record({ before: fc.constantFrom(0, 1, 9), after: fc.constantFrom(0, 2) });

const expected = (kind: Kind, parts: readonly unknown[][]): unknown[] =>
  parts.flat().map((value) => kind.cell(value));

/** What the library itself reads, where that is exact: that the buffers are laid out as Arrow has them. */
function own(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return value instanceof Uint8Array
    ? Buffer.from(value).toString("latin1")
    : Array.from(value as Iterable<unknown>, own);
}
const exactToo = /^(Int|Uint|float|utf8|largeUtf8|binary|largeBinary|fixedSizeBinary|bool)/;
const narrowed = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(narrowed) : typeof value === "bigint" ? String(value) : own(value);
const asText = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(asText)
    : typeof value === "bigint" || Number.isInteger(value)
      ? String(value)
      : value;

test.each(scalarKinds.map((kind) => [kind.name, kind] as const))(
  "apache-arrow: %s, at top level and inside every type, sliced, in chunks, with nulls",
  (_, scalar) => {
    for (const kind of nestings(scalar)) {
      if (kind.arrow === undefined) continue;
      fc.assert(
        fc.property(rows(kind), padding, (parts, around) => {
          const vector = new arrow.Vector(parts.map((part) => arrowData(kind, part, around)));
          const all = expected(kind, parts);
          if (exactToo.test(kind.name) && kind.name === scalar.name) {
            expect([...vector].map(own).map(asText)).toEqual(parts.flat().map(narrowed).map(asText));
          }
          expect(column(new arrow.Table({ x: vector }), "x"), kind.name).toEqual(all);
          expect(column({ x: vector }, "x"), kind.name).toEqual(all);
          const [from, to] = [all.length >> 2, all.length - (all.length >> 2)];
          expect(column({ x: vector.slice(from, to) }, "x"), kind.name).toEqual(all.slice(from, to));
          const slice = new arrow.Table({ x: vector }).slice(from, to);
          expect(column(slice, "x"), kind.name).toEqual(all.slice(from, to));
        }),
        { numRuns: 3 },
      );
    }
  },
);

test.each(scalarKinds.map((kind) => [kind.name, kind] as const))(
  "flechette: %s, at top level and inside every type, in chunks, with nulls",
  (_, scalar) => {
    for (const kind of nestings(scalar)) {
      fc.assert(
        fc.property(rows(kind), (parts) => {
          const x = new flechette.Column(parts.map((part) => flechetteBatch(kind, part)));
          const all = expected(kind, parts);
          expect(column(flechette.tableFromColumns({ x }), "x"), kind.name).toEqual(all);
          expect(column({ x }, "x"), kind.name).toEqual(all);
        }),
        { numRuns: 3 },
      );
    }
  },
);
