import { expect, test } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const times = ["2026-11-22T05:10:00.000Z", "2026-11-22T06:20:00.000Z", "2026-11-22T07:30:00.000Z"];

async function sampleRoot(): Promise<string> {
  const root = await tempFolder();
  for (const [i, requestTime] of times.entries()) {
    const request = { id: idAt(requestTime, i), requestTime };
    storeFile(
      root,
      [
        {
          ...request,
          collection: "inputs",
          rows: [
            { order_id: `A-${i}`, n: i + 0.5 },
            { order_id: "17", n: 17 },
          ],
        },
      ],
      { order_id: "STRING", n: "DOUBLE" },
    );
    storeFile(root, [{ ...request, collection: "outputs", rows: [{ note: `answer ${i}`, ok: i > 0 }] }], {
      note: "STRING",
      ok: "BOOLEAN",
    });
  }
  return root;
}

async function found(root: string, ...args: string[]): Promise<unknown[]> {
  const { code, out, err } = await run("find", "--root", root, "--json", ...args);
  expect([code, err]).toEqual([0, ""]);
  return (JSON.parse(out) as { collection: string; row: Record<string, unknown> }[]).map(
    ({ collection, row }) => [collection, ...Object.values(row)],
  );
}

test("finds rows by value, whether it is a number or a text, the latest first", async () => {
  const root = await sampleRoot();
  expect(await found(root, "--where", "order_id=A-1")).toEqual([["inputs", "A-1", 1.5]]);
  expect(await found(root, "--where", "order_id=17")).toHaveLength(3);
  expect(await found(root, "--where", "n=17", "-n", "2")).toHaveLength(2);
  expect(await found(root, "--where", "n>=1.5", "--where", "n<17")).toEqual([
    ["inputs", "A-2", 2.5],
    ["inputs", "A-1", 1.5],
  ]);
  expect(await found(root, "--where", "ok=true", "--to", times[2] as string)).toEqual([
    ["outputs", "answer 1", true],
  ]);
  expect(await found(root, "--where", "order_id!=17", "--in", "INPUTS")).toHaveLength(3);
  expect(await found(root, "--where", "note~wer 2")).toEqual([["outputs", "answer 2", true]]);
  expect(await found(root, "--text", "answer", "--from", times[1] as string)).toHaveLength(2);
  expect(await found(root, "--where", "mdc_request_time<2026-11-22T06:00", "--in", "outputs")).toHaveLength(
    1,
  );
});

test("shows a table for each collection, with ids to trace, and says what it took", async () => {
  const root = await sampleRoot();
  const { code, out, err } = await run("find", "--root", root, "--text", "answer 0", "--stats");
  expect(code).toBe(0);
  expect(out.split("\n").slice(0, 3)).toEqual([
    "outputs (flights/blue), 1 row",
    "mdc_correlation_id                    requested                note      ok",
    `${idAt(times[0] as string, 0)}  2026-11-22 05:10:00.000  answer 0  false`,
  ]);
  expect(err).toMatch(/^stats: 1 listing of 6 objects, 6 reads of \d+\.\d kB, \d+ ms\n$/);
});

test.each<[string[], number, RegExp]>([
  [["--where", "order_id=none"], 3, /nothing is stored under .* that fits/],
  [["--where", "order_idd=A-1"], 2, /--where: no file has a column "order_idd"; did you mean "order_id"\?/],
  [["--where", "order_id"], 2, /--where: expected a column, one of .*, and a value/],
  [["--where", "=5"], 2, /--where: expected a column/],
  [[], 2, /expected --where or --text/],
  [["--text", ""], 2, /--text: expected a text/],
  [["--text", "x", "-n", "0"], 2, /--rows: expected a whole number of at least 1/],
])("find %j ends with %i", async (args, expected, message) => {
  const root = await sampleRoot();
  const { code, out, err } = await run("find", "--root", root, ...args);
  expect([code, out]).toEqual([expected, ""]);
  expect(err).toMatch(message);
});

test("head takes conditions too", async () => {
  const root = await sampleRoot();
  const { out } = await run("head", "inputs", "--root", root, "--where", "n<2", "--json");
  expect((JSON.parse(out) as Record<string, unknown>[]).map(({ order_id }) => order_id)).toEqual([
    "A-0",
    "A-1",
  ]);
  expect(await run("head", "inputs", "--root", root, "--where", "nn<2")).toMatchObject({
    code: 2,
    err: 'mdc: --where: no file of inputs has a column "nn"; did you mean "n"?\n',
  });
});

test("a collection to look in of which nothing is stored is refused, if nothing was found", async () => {
  const root = await sampleRoot();
  const inIt = (name: string) => run("find", "--where", "n=9", "--in", name, "--root", root);
  const err = `mdc: no collection "input" under ${root}; there are: inputs, outputs; did you mean "inputs"?\n`;
  expect(await inIt("input")).toMatchObject({ code: 2, out: "", err });
  expect(await inIt("inputs")).toMatchObject({ code: 3 });
});
