import { expect, test } from "vitest";
import { csvRecords } from "../../../src/operator/labels/csv.ts";

async function parse(text: string, size = text.length || 1): Promise<(readonly string[])[]> {
  const found: (readonly string[])[] = [];
  async function* pieces(): AsyncGenerator<string, void, undefined> {
    for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size);
  }
  for await (const record of csvRecords(pieces())) found.push(record);
  return found;
}

test("records of RFC 4180, however they come in pieces", async () => {
  const text = '\ufeffa,b\r\n"x, ""y""\n z",\n\n,"" \n1,2'.replace('"" \n', '""\n');
  const expected = [
    ["a", "b"],
    ['x, "y"\n z', ""],
    ["", ""],
    ["1", "2"],
  ];
  for (let size = 1; size <= text.length; size++) expect(await parse(text, size)).toEqual(expected);
  expect(await parse("")).toEqual([]);
  expect(await parse('""\n')).toEqual([[""]]);
});

test("what is no CSV is an error that names the line", async () => {
  await expect(parse('a\n"b\nc')).rejects.toThrow("line 2: a quote is not closed");
  await expect(parse('a\nb"c')).rejects.toThrow("line 2: a quote in a field that does not begin with one");
  await expect(parse('"a"b')).rejects.toThrow("line 1: something stands between a quote and the next comma");
});
