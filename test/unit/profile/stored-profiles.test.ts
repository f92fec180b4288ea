import { expect, test } from "vitest";
import { ColumnProfile } from "../../../src/profile/column-profile.ts";
import {
  parseProfileLines,
  profileFile,
  type ProfileLine,
  profileLine,
  ProfileSums,
} from "../../../src/profile/stored-profiles.ts";

const [own, dead] = ["1".repeat(32), "2".repeat(32)];
const hour = "2026-11-22T05:00:00.000Z";

/** What one segment is told as: some numbers of one column, in rows of which one more has none. */
function told(
  instance: string,
  segment: string,
  values: readonly unknown[],
  groups?: readonly number[],
): string {
  const kind = typeof values[0] === "number" ? "numerical" : "categorical";
  const profile = new ColumnProfile({ kind, ...(groups === undefined ? {} : { groups: { edges: groups } }) });
  profile.add(values);
  const place = { instance, hour, collection: "model_inputs", segment };
  const rows = values.length + 1;
  return (
    profileLine({ kind: "rows", ...place, rows }) +
    profileLine({ kind: "column", ...place, rows, column: "x", profile: profile.toJSON() })
  );
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const linesOf = (file: Uint8Array): ProfileLine[] => [...parseProfileLines(new TextDecoder().decode(file))];

/** All that lines come to. */
function sumOf(lines: Iterable<ProfileLine>): { rows: number; x: ColumnProfile | undefined } {
  const sums = new ProfileSums(({ collection }) => ({ instance: "", hour, collection }));
  for (const line of lines) sums.add(line);
  const [sum] = sums.sums;
  return { rows: sum?.rows ?? 0, x: sum?.columns.get("x") };
}

test("what a process told of its own segments is one line for each column, without their names", () => {
  const file = profileFile([told(own, "a", [1, 2]), told(own, "b", [4])].map(bytes), own);
  expect(linesOf(file)).toMatchObject([
    { kind: "rows", instance: own, rows: 5 },
    { kind: "column", column: "x", profile: { rows: 3, min: 1, max: 4 } },
  ]);
  expect(linesOf(file).some(({ segment }) => segment !== undefined)).toBe(false);
});

test("what a dead process and its heir both told of a segment counts once, within a file and across files", () => {
  const twice = [told(dead, "a", [1, 2]), told(dead, "a", [1, 2]), told(dead, "b", [3])].map(bytes);
  const [left, heirs] = [profileFile(twice, undefined), profileFile(twice.slice(1), own)];
  const { rows, x } = sumOf([...linesOf(left), ...linesOf(heirs)]);
  expect(rows).toBe(5);
  expect([x?.rows, x?.mean]).toEqual([3, 2]);
});

test("a column that was numbers to one process and text to another is numbers, whichever comes first", () => {
  const lines = [told(own, "a", [1, 2]), told(dead, "b", ["north"])];
  for (const order of [lines, lines.toReversed()]) {
    const { rows, x } = sumOf(order.flatMap((text) => [...parseProfileLines(text)]));
    expect([rows, x?.kind, x?.rows, x?.nulls, x?.max]).toEqual([5, "numerical", 3, 1, 2]);
  }
});

test("what was not counted by the same edges is counted by none", () => {
  const texts = [told(own, "a", [1, 2], [0, 2, 4]), told(dead, "b", [3], [0, 3, 4])];
  const { x } = sumOf(texts.flatMap((text) => [...parseProfileLines(text)]));
  expect([x?.rows, x?.counts]).toEqual([3, undefined]);
});

test("lines of another version, and what is no profile, are passed by", () => {
  const strange = ['{"kind":"other"}', "not JSON", '{"kind":"rows","instance":"1"}', "null"].join("\n");
  const broken = profileLine({
    ...{
      kind: "column",
      instance: own,
      hour,
      collection: "model_inputs",
      segment: "c",
      rows: 1,
      column: "x",
    },
    profile: { kind: "numerical" } as never,
  });
  const file = profileFile([bytes(`${strange}\n`), bytes(broken), bytes(told(own, "a", [1]))], own);
  expect(linesOf(file)).toMatchObject([{ rows: 2 }, { column: "x" }]);
});
