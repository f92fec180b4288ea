import { expect, test } from "vitest";
import { createAzureMlEncoder } from "../../../src/codec/azureml/azureml-encoder.ts";
import type { EncodedBody } from "../../../src/codec/encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { makeBatch } from "../../support/make-batch.ts";
import { fileBytes } from "../../support/parquet-engines.ts";

function bodyOf(bytes: Uint8Array): EncodedBody {
  return {
    size: bytes.length,
    async *open(start = 0, end = bytes.length) {
      for (let at = start; at < end; at += 1000) yield bytes.subarray(at, Math.min(end, at + 1000));
    },
  };
}

async function posts(batches: readonly Batch[], schema: ReadonlyMap<string, ColumnType> = new Map()) {
  const encoder = createAzureMlEncoder();
  const bytes = await fileBytes(encoder.encode(() => batches, { schema, segment: "s" }));
  const frames = await encoder.frames?.(bodyOf(bytes));
  if (frames === undefined) return expect.unreachable();
  const all = Array.from({ length: frames.count }, (_, number) => frames.read(number));
  return Promise.all(
    (await Promise.all(all)).map(async ({ headers, rows, size, open }) => {
      const body = Buffer.from(await fileBytes(open())).toString();
      expect(Buffer.byteLength(body)).toBe(size);
      return { headers, rows, body };
    }),
  );
}

test("each frame has its rows, in order, and of a column of several types each value in its own", async () => {
  const batch = makeBatch({
    frames: [2, 0, 1],
    columns: [
      { name: "a", type: "float64", cells: [1, null, null] },
      { name: "b", type: "string", cells: ["é/", null, "x"] },
      { name: "a", type: "string", cells: [null, "one", null] },
      { name: "a", type: "int64", cells: [null, null, 2n ** 62n] },
    ],
    header: { untyped: ["none"] },
  });
  const found = await posts([batch, batch]);
  expect(found.map(({ rows }) => rows)).toEqual([2, 0, 1, 2, 0, 1]);
  expect(found.slice(0, 3).map(({ body }) => body)).toEqual([
    '[{"a":1.0,"b":"é/","none":null},{"a":"one","b":null,"none":null}]',
    "[]",
    '[{"a":4611686018427387904,"b":"x","none":null}]',
  ]);
});

test("nothing becomes nothing, and what is damaged is no frame", async () => {
  expect(await posts([])).toEqual([]);
  const { frames } = createAzureMlEncoder();
  for (const size of [0, 5, 12, 100])
    await expect(frames?.(bodyOf(Buffer.alloc(size)))).rejects.toThrow("no index");
});

test("a large frame comes back whole, between small ones", async () => {
  const cells = ["a", "b".repeat(9 * 1024 * 1024), "c"];
  const found = await posts([
    makeBatch({ frames: [1, 1, 1], columns: [{ name: "x", type: "string", cells }] }),
  ]);
  expect(found.map(({ body }) => body)).toEqual(cells.map((x) => JSON.stringify([{ x }])));
});

test("a declared type holds: what does not fit is null and stands in a header, if that has room", async () => {
  const columns = [{ name: "n", type: "string", cells: ["many", "y".repeat(5_000)] }] as const;
  const batch = makeBatch({ frames: [1, 1], columns, header: { declared: { n: "int64" } } });
  const found = await posts([batch], new Map([["n", "int64"]]));
  expect(found.map(({ body, headers }) => [body, headers["ce-mdcrejected"]])).toEqual([
    ['[{"n":null}]', '[{"n":"many"}]'],
    ['[{"n":null}]', "too large"],
  ]);
});

test("attributes become headers as far as names and room allow, and never in the place of another", async () => {
  const tags = {
    "Tenant-Id": "acme",
    "tenant-id": "second",
    日本: "nameless",
    "x-request-id": "forged",
    break: "a\r\nb: c",
    ...Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`long${i}`, "v".repeat(3_000)])),
  };
  const batch = makeBatch({
    columns: [{ name: "x", type: "string", cells: ["a"] }],
    tags: () => JSON.stringify(tags),
    requestId: () => "r-1",
    samplingRate: 0.25,
  });
  const [post] = await posts([batch]);
  expect(post?.headers).toMatchObject({
    "ce-tenant-id": "acme",
    "ce-break": "a%0D%0Ab:%20c",
    "ce-mdcrequestid": "r-1",
    "ce-mdcsamplingrate": "0.25",
    "ce-mdctags": "2 left out",
    "ce-x-request-id": expect.not.stringContaining("forged"),
  });
  const size = Object.entries(post?.headers ?? {}).reduce(
    (sum, [name, value]) => sum + name.length + value.length,
    0,
  );
  expect(size).toBeLessThan(8 * 1024);
});
