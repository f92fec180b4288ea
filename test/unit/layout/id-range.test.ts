import { expect, test } from "vitest";
import { idRangeText, parseIdRange } from "../../../src/layout/filter/id-range.ts";

const first = "019aa8f2-7c00-7000-8000-000000000000";
const last = "019aa8f3-7c00-7000-8000-000000000000";

test("a range is read back as it was written", () => {
  for (const range of [
    { first, last },
    { first, last: first },
    { first: "A_1", last: "a-2" },
  ])
    expect(parseIdRange(idRangeText(range))).toEqual(range);
});

test("ids that a header cannot hold as they are, or that are long, have no text", () => {
  for (const id of ["", "a b", "a..b", "z\u00fcrich", "\u{1f600}", "line\nbreak", "x".repeat(65)]) {
    expect(idRangeText({ first: id, last }), id).toBeUndefined();
    expect(idRangeText({ first, last: id }), id).toBeUndefined();
  }
});

test("a text that is no range says nothing", () => {
  for (const text of [undefined, "", "..", first, `${first}..`, `..${last}`, `${last}..${first}`, "a..b..c"])
    expect(parseIdRange(text), text).toBeUndefined();
});
