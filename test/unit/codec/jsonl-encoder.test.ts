import { describe, expect, test } from "vitest";
import type { RejectedColumn } from "../../../src/frame/conform/column-fitter.ts";
import { createJsonlEncoder } from "../../../src/codec/jsonl/jsonl-encoder.ts";
import type { Batch } from "../../../src/frame/batch.ts";
import type { ColumnType } from "../../../src/layout/column-type.ts";
import { correlationId, makeBatch, type Plain } from "../../support/make-batch.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";

async function lines(
  batches: readonly Batch[],
  schema: ReadonlyMap<string, ColumnType>,
  onRejected?: (rejected: readonly RejectedColumn[]) => void,
): Promise<string[]> {
  const options = { schema, segment: "s", ...(onRejected && { onRejected }) };
  const bytes = await fileBytes(createJsonlEncoder().encode(() => batches, options));
  const text = Buffer.from(bytes).toString("utf8");
  expect(text === "" || text.endsWith("\n")).toBe(true);
  return text.split("\n").slice(0, -1);
}

/** The text of the one cell in `data`. */
async function cellText(type: ColumnType, cell: Plain): Promise<string> {
  const [line] = await lines(
    [makeBatch({ columns: [{ name: "x", type, cells: [cell] }] })],
    new Map([["x", type]]),
  );
  return /"data":\[\{"x":(.*)\}\],"contentrange"/.exec(line ?? "")?.[1] ?? "no cell";
}

describe("a record", () => {
  test("is one line per frame, with Azure's attributes in Azure's order", async () => {
    const batch = makeBatch({
      frames: [2, 0],
      columns: [
        { name: "age", type: "int64", cells: [54n, 35n] },
        { name: "score", type: "float64", cells: [0.5, 1] },
      ],
      constants: { source: "/subscriptions/s/deployments/blue" },
      seed: 3,
    });
    const [first, second, ...more] = await lines(
      [batch],
      new Map<string, ColumnType>([
        ["age", "int64"],
        ["score", "float64"],
      ]),
    );
    const id = correlationId(3, 0);
    expect(first).toBe(
      '{"specversion":"1.0","id":"event-3-0","source":"/subscriptions/s/deployments/blue",' +
        '"type":"azureml.inference.model_inputs","datacontenttype":"application/json","time":"2023-11-14T22:16:20Z",' +
        '"data":[{"age":54,"score":0.5},{"age":35,"score":1.0}],"contentrange":"bytes 0-46/47",' +
        `"correlationid":"${id}","xrequestid":"${id}","modelversion":"3",` +
        '"collectdatatype":"pandas.core.frame.DataFrame","agent":"model-data-collector/1.2.0 node/22.15.0"}',
    );
    expect(second).toContain('"data":[],"contentrange":"bytes 0-1/2"');
    expect(more).toEqual([]);
  });

  test("counts the bytes of its data, not its characters", async () => {
    const [line] = await lines(
      [makeBatch({ columns: [{ name: "x", type: "string", cells: ["é"] }] })],
      new Map([["x", "string"]]),
    );
    expect(line).toContain('"contentrange":"bytes 0-11/12"');
  });

  test("carries tags as attributes, but never in the place of its own", async () => {
    const batch = makeBatch({ columns: [], rows: 1, tags: () => '{"X-Slice":"eu","agent":"x","n":2}' });
    const [line] = await lines([batch], new Map());
    expect(JSON.parse(line ?? "")).toMatchObject({
      xslice: "eu",
      n: "2",
      agent: "model-data-collector/1.2.0 node/22.15.0",
    });
  });

  test("says at what rate it was sampled, unless all are kept", async () => {
    const [line] = await lines([makeBatch({ columns: [], rows: 1, samplingRate: 0.25 })], new Map());
    expect(JSON.parse(line ?? "")).toHaveProperty("mdcsamplingrate", 0.25);
    const [full] = await lines([makeBatch({ columns: [], rows: 1 })], new Map());
    expect(JSON.parse(full ?? "")).not.toHaveProperty("mdcsamplingrate");
  });

  test("has the ids of the request's headers, if it had them, and the correlation id where Azure has it", async () => {
    const ids = { requestId: () => "platform", clientRequestId: () => '"caller"' };
    const [line] = await lines([makeBatch({ columns: [], rows: 1, ...ids })], new Map());
    expect(JSON.parse(line ?? "")).toMatchObject({
      correlationid: correlationId(0, 0),
      xrequestid: correlationId(0, 0),
      mdcrequestid: "platform",
      mdcclientrequestid: '"caller"',
    });
    const [without] = await lines([makeBatch({ columns: [], rows: 1 })], new Map());
    expect(without).not.toContain("mdcrequestid");
    expect(without).not.toContain("mdcclientrequestid");
    const tags = (): string => '{"mdc_request_id":"no","mdcClientRequestId":"no"}';
    const [tagged] = await lines([makeBatch({ columns: [], rows: 1, tags })], new Map());
    expect(tagged).not.toContain('"no"');
  });

  test("keeps what did not fit its column beside the data, and reports it", async () => {
    const reports: (readonly RejectedColumn[])[] = [];
    const batch = makeBatch({
      frames: [1, 2],
      columns: [{ name: "x", type: "string", cells: ["1", null, "2"] }],
    });
    const [first, second] = await lines([batch], new Map([["x", "float64"]]), (report) =>
      reports.push(report),
    );
    expect(JSON.parse(first ?? "")).toMatchObject({ data: [{ x: null }], mdcrejected: '[{"x":"1"}]' });
    expect(JSON.parse(second ?? "")).toMatchObject({
      data: [{ x: null }, { x: null }],
      mdcrejected: '[null,{"x":"2"}]',
    });
    expect(reports).toEqual([[{ name: "x", expected: "float64", got: "string", cells: 2 }]]);
  });
});

test("where a file has very many columns, a frame says those that it has values of", async () => {
  const names = Array.from({ length: 3_000 }, (_, i) => `user_${i}`);
  const schema = new Map<string, ColumnType>(names.map((name) => [name, "float64"]));
  const batches = names.map((name, i) =>
    makeBatch({
      frames: [2, 1],
      columns: [
        { name, type: "float64", cells: [i, null, null] },
        { name: names[(i + 1) % 3_000]!, type: "float64", cells: [null, null, 0.5] },
      ],
      seed: i,
    }),
  );
  const data = (await lines(batches, schema)).map((line) => JSON.parse(line).data);
  expect(data).toHaveLength(6_000);
  expect(data.slice(-4)).toEqual([
    [{ user_2998: 2998 }, { user_2998: null }],
    [{ user_2999: 0.5 }],
    [{ user_2999: 2999 }, { user_2999: null }],
    [{ user_0: 0.5 }],
  ]);
});

describe("a cell", () => {
  test.each<[ColumnType, Plain, string]>([
    ["float64", 1, "1.0"],
    ["float64", -0, "-0.0"],
    ["float64", 1e21, "1e+21"],
    ["float64", 1e-12, "1e-12"],
    ["float64", 0.1, "0.1"],
    ["float64", Number.NaN, "null"],
    ["float64", Infinity, "null"],
    ["int64", 9_007_199_254_740_993n, "9007199254740993"],
    ["int32", 5, "5"],
    ["boolean", true, "true"],
    ["string", 'a "b"\n', '"a \\"b\\"\\n"'],
    ["timestamp", 1_700_000_000_123_456n, "1700000000123"],
    ["timestamp", -1n, "-1"],
    ["binary", Uint8Array.of(255, 0), '"/wA="'],
    ["json", '{"a": 1.0,\n"b":9007199254740993}', '{"a": 1.0, "b":9007199254740993}'],
    [{ list: "float64" }, [1, null, Number.NaN], "[1.0,null,null]"],
    ["string", null, "null"],
  ])("of %o %o is %s", async (type, cell, text) => {
    expect(await cellText(type, cell)).toBe(text);
  });
});

test("another reader infers the columns' types, whole doubles included", async () => {
  const batch = makeBatch({
    columns: [
      { name: "d", type: "float64", cells: [1, 2] },
      { name: "i", type: "int64", cells: [1n, 2n] },
    ],
  });
  const [line] = await lines(
    [batch],
    new Map<string, ColumnType>([
      ["d", "float64"],
      ["i", "int64"],
    ]),
  );
  const rows = await duckdbQuery(
    Buffer.from(`${line}\n`),
    "SELECT typeof(row.d) AS d, typeof(row.i) AS i FROM (SELECT unnest(data) AS row FROM read_json(FILE, format='newline_delimited'))",
  );
  expect(rows).toEqual([
    { d: "DOUBLE", i: "BIGINT" },
    { d: "DOUBLE", i: "BIGINT" },
  ]);
});
