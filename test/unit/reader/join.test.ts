import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { labelKeyId } from "../../../src/layout/ground-truth/label-key.ts";
import { type JoinedRow, type JoinOptions, openDataset } from "../../../src/reader.ts";
import { duckdbQuery, fileBytes } from "../../support/parquet-engines.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { idAt, type StoredFrame, storeFile } from "./stored-data.ts";

const five = "2026-11-22T05:10:00.000Z";
const later = "2026-11-22T05:10:01.000Z";

const columns = {
  model_inputs: { distance: "DOUBLE", order_id: "STRING" },
  model_outputs: { late: "BOOLEAN", at: "TIMESTAMP" },
  explanations: { reason: "STRING" },
  labels: { truth: "BOOLEAN", order_id: "STRING" },
} as const;
type Collection = keyof typeof columns;

/** Writes frames, a file for each. */
async function stored(
  ...frames: readonly (StoredFrame & { readonly collection: Collection })[]
): Promise<string> {
  const root = await tempFolder();
  for (const frame of frames) storeFile(root, [frame], columns[frame.collection]);
  return root;
}

function frame<const Name extends Collection>(
  collection: Name,
  id: string,
  rows: StoredFrame["rows"],
  more: Partial<StoredFrame> = {},
): StoredFrame & { readonly collection: Name } {
  return { id, requestTime: five, rows, ...more, collection };
}

async function joined<const Outputs extends string | readonly string[]>(
  root: string,
  options: Omit<JoinOptions<Outputs>, "inputs">,
) {
  await using data = await openDataset(root);
  const { account, rows } = await data.join({ inputs: "model_inputs", ...options } as JoinOptions<Outputs>);
  const all: JoinedRow<Outputs>[] = [];
  for await (const row of rows()) all.push(row);
  return { account, rows: all };
}

const both = { outputs: "model_outputs" } as const;

describe("join", () => {
  test("puts rows together by id and place, and says what has no other half, was stored twice, and when", async () => {
    // The example of the contract, with the retry in the hour after.
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }, { distance: 2 }]),
      frame("model_inputs", "B", [{ distance: 3 }]),
      frame("model_inputs", "C", [{ distance: 4 }]),
      frame("model_outputs", "A", [{ late: true }, { late: false }], { eventTime: later }),
      frame("model_outputs", "D", [{ late: true }]),
      frame("model_outputs", "B", [{ late: false }], { requestTime: "2026-11-23T00:00:00.000Z" }),
      frame("model_outputs", "B", [{ late: false }], { requestTime: "2026-11-23T00:00:00.000Z" }),
    );
    const { account, rows } = await joined(root, both);
    expect(account).toMatchObject({
      matched: 3,
      inputsOnly: 1,
      outputsOnly: 1,
      duplicates: 1,
      late: 0,
      labelled: 0,
      labelsOnly: 0,
      unequal: 0,
      collections: [
        { side: "inputs", collection: "model_inputs", rows: 4, matched: 3, only: 1, duplicates: 0 },
        { side: "outputs", collection: "model_outputs", rows: 5, matched: 3, only: 1, duplicates: 1 },
      ],
    });
    expect(account.hours).toMatchObject([
      { hour: new Date("2026-11-22T05:00Z"), collection: "model_inputs", rows: 4, endpoint: "flights" },
      { hour: new Date("2026-11-22T05:00Z"), collection: "model_outputs", rows: 3, matched: 2, only: 1 },
      {
        hour: new Date("2026-11-23T00:00Z"),
        collection: "model_outputs",
        rows: 2,
        matched: 1,
        duplicates: 1,
      },
    ]);
    const place = { requestTime: new Date(five), endpoint: "flights", deployment: "blue", labels: null };
    expect(rows).toEqual([
      {
        id: "A",
        rowIndex: 0,
        inputs: { distance: 1, order_id: null },
        outputs: { late: true, at: null },
        ...place,
      },
      {
        id: "A",
        rowIndex: 1,
        inputs: { distance: 2, order_id: null },
        outputs: { late: false, at: null },
        ...place,
      },
      {
        id: "B",
        rowIndex: 0,
        inputs: { distance: 3, order_id: null },
        outputs: { late: false, at: null },
        ...place,
      },
    ]);
  });

  test("joins one input with many outputs, by request and by further frames", async () => {
    const answers = frame("model_outputs", "A", [{ late: true }, { late: false }, { late: null }]);
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }]),
      answers,
      frame("model_outputs", "A", [{ late: false }], { eventId: "again", eventTime: later }),
    );
    const byRow = await joined(root, both);
    expect(byRow.account).toMatchObject({ matched: 2, outputsOnly: 2, unequal: 1, inputsOnly: 0 });
    expect(byRow.rows.map(({ outputs }) => outputs["late"])).toEqual([true, false]);
    const byRequest = await joined(root, { ...both, by: "request" });
    expect(byRequest.account).toMatchObject({ matched: 4, outputsOnly: 0, unequal: 0 });
    expect(byRequest.account.collections).toMatchObject([{ matched: 1 }, { matched: 4 }]);
    expect(byRequest.rows.map(({ inputs, outputs }) => [inputs["distance"], outputs["late"]])).toEqual([
      [1, true],
      [1, false],
      [1, null],
      [1, false],
    ]);
  });

  test("a request that was tried again: each output is of the input before it", async () => {
    const at = (minute: number): Partial<StoredFrame> => ({
      eventTime: `2026-11-22T05:${minute}:00.000Z`,
      eventId: `event ${minute}`,
    });
    const root = await stored(
      frame("model_inputs", "failed", [{ distance: 1 }], at(11)),
      frame("model_inputs", "failed", [{ distance: 2 }], at(12)),
      frame("model_outputs", "failed", [{ late: true }], at(13)),
      frame("model_inputs", "at once", [{ distance: 3 }], at(11)),
      frame("model_inputs", "at once", [{ distance: 4 }], at(12)),
      frame("model_outputs", "at once", [{ late: true }], at(13)),
      frame("model_outputs", "at once", [{ late: false }], at(14)),
    );
    const { account, rows } = await joined(root, both);
    expect(account).toMatchObject({ matched: 3, inputsOnly: 1, outputsOnly: 0, duplicates: 0 });
    expect(rows.map(({ inputs, outputs }) => [inputs["distance"], outputs["late"]])).toEqual([
      [2, true],
      [3, true],
      [4, false],
    ]);
  });

  test("several collections of outputs: a row has what there is of each", async () => {
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }]),
      frame("model_inputs", "B", [{ distance: 2 }]),
      frame("model_inputs", "C", [{ distance: 3 }]),
      frame("model_outputs", "A", [{ late: true }]),
      frame("explanations", "A", [{ reason: "far" }]),
      frame("explanations", "B", [{ reason: "near" }]),
    );
    const { account, rows } = await joined(root, {
      outputs: ["model_outputs", "explanations"],
      columns: { outputs: ["late", "reason"] },
    });
    expect(account).toMatchObject({ matched: 2, inputsOnly: 1, outputsOnly: 0 });
    expect(account.collections.map(({ matched }) => matched)).toEqual([2, 1, 2]);
    expect(rows.map(({ outputs }) => [outputs.model_outputs, outputs.explanations])).toEqual([
      [
        { late: true, reason: null },
        { late: null, reason: "far" },
      ],
      [null, { late: null, reason: "near" }],
    ]);
  });

  test("what came later than lateness allows is counted and not joined", async () => {
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }]),
      frame("model_inputs", "B", [{ distance: 2 }]),
      frame("model_outputs", "A", [{ late: true }], { eventTime: "2026-11-22T06:10:00.000Z" }),
      frame("model_outputs", "B", [{ late: true }], { eventTime: "2026-11-22T06:10:00.001Z" }),
    );
    for (const [lateness, account] of [
      ["1h", { matched: 1, inputsOnly: 1, outputsOnly: 0, late: 1 }],
      [0, { matched: 0, inputsOnly: 2, outputsOnly: 0, late: 2 }],
      ["2h", { matched: 2, inputsOnly: 0, outputsOnly: 0, late: 0 }],
      [Number.POSITIVE_INFINITY, { matched: 2, late: 0 }],
      [undefined, { matched: 2, late: 0 }],
    ] as const) {
      const found = await joined(root, { ...both, ...(lateness === undefined ? {} : { lateness }) });
      expect({ lateness, ...found.account }).toMatchObject({ lateness, ...account });
    }
  });

  test("what belongs to a request that is replayed is awaited since its input was collected", async () => {
    const replayed = (minute: number) => ({ eventTime: `2029-01-01T00:0${minute}:00.000Z` });
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }], replayed(0)),
      frame("model_outputs", "A", [{ late: true }], replayed(2)),
      frame("labels", "A", [{ late: false }], replayed(5)),
    );
    for (const [lateness, matched] of [
      ["1m", [0, 0]],
      ["3m", [1, 0]],
      ["5m", [1, 1]],
    ] as const) {
      const { rows } = await joined(root, { ...both, labels: true, lateness });
      expect([lateness, rows.length, rows.filter(({ labels }) => labels !== null).length]).toEqual([
        lateness,
        ...matched,
      ]);
    }
  });

  test("labels: the last one in time, by id and by business key", async () => {
    const key = { tags: '{"label_key":"[\\"order_id\\"]"}' };
    const keyId = labelKeyId([["order_id", "A-17"]]);
    const said = (day: string): Partial<StoredFrame> => ({
      requestTime: `2026-${day}T00:00:00.000Z`,
      eventTime: `2026-${day}T00:00:00.000Z`,
      eventId: `said on ${day}`,
    });
    const root = await stored(
      frame("model_inputs", "A", [
        { distance: 1, order_id: "A-17" },
        { distance: 2, order_id: "A-18" },
      ]),
      frame("model_inputs", "B", [{ distance: 3, order_id: "A-17" }]),
      frame("model_outputs", "A", [{ late: true }, { late: false }]),
      frame("labels", "A", [{ truth: true }], said("11-23")),
      frame("labels", "A", [{ truth: false }], said("11-24")),
      frame("labels", "A", [{ truth: false }], { ...said("11-24"), eventTime: "2026-11-25T00:00:00.000Z" }),
      frame("labels", "A", [{ truth: true }], said("12-24")),
      frame("labels", "X", [{ truth: true }], said("11-23")),
      frame("labels", keyId, [{ order_id: "A-17", truth: null }], { ...key, ...said("01-01") }),
      frame("labels", labelKeyId([["order_id", "?"]]), [{ order_id: "?" }], { ...key, ...said("01-02") }),
    );
    const { account, rows } = await joined(root, { ...both, labels: true });
    expect(account).toMatchObject({ matched: 2, labelled: 1, labelsOnly: 2, late: 1, duplicates: 1 });
    expect(account.collections[2]).toEqual({
      side: "labels",
      collection: "labels",
      rows: 7,
      matched: 2,
      only: 2,
      duplicates: 1,
      late: 1,
      superseded: 1,
    });
    expect(rows.map(({ labels }) => labels)).toEqual([{ truth: false, order_id: null }, null]);
    const all = await joined(root, {
      ...both,
      labels: "labels",
      lateness: "60d",
      columns: { labels: ["truth"] },
    });
    expect(all.rows.map(({ labels }) => labels)).toEqual([{ truth: true }, null]);
    expect(all.account).toMatchObject({ late: 0 });
    // Without labels, there is nothing to join.
    expect(
      (
        await joined(await stored(frame("model_inputs", "A", [{}]), frame("model_outputs", "A", [{}])), {
          ...both,
          labels: true,
        })
      ).account,
    ).toMatchObject({ matched: 1, labelled: 0 });
  });

  test("a range: halves at its border are found, and consecutive ranges add up", async () => {
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }], { requestTime: "2026-11-22T05:59:59.999Z" }),
      frame("model_outputs", "A", [{ late: true }], { requestTime: "2026-11-22T06:00:00.001Z" }),
      frame("model_inputs", "B", [{ distance: 2 }], { requestTime: "2026-11-22T06:00:00.000Z" }),
      frame("model_outputs", "B", [{ late: false }], { requestTime: "2026-11-22T06:00:00.000Z" }),
    );
    const first = await joined(root, { ...both, from: "2026-11-22T05:00Z", to: "2026-11-22T06:00Z" });
    expect(first.account).toMatchObject({ matched: 1, inputsOnly: 0, outputsOnly: 0 });
    expect(first.rows.map(({ id }) => id)).toEqual(["A"]);
    const second = await joined(root, { ...both, from: new Date("2026-11-22T06:00Z") });
    expect(second.account).toMatchObject({ matched: 1, inputsOnly: 0, outputsOnly: 0 });
    expect(second.rows.map(({ id }) => id)).toEqual(["B"]);
    const none = await joined(root, { ...both, from: "2027-01-01" });
    expect(none.account).toMatchObject({ matched: 0, inputsOnly: 0, outputsOnly: 0, hours: [] });
  });

  test("each deployment's rows are joined with its own", async () => {
    const root = await tempFolder();
    const input = frame("model_inputs", idAt(five), [{ distance: 1 }]);
    const output = frame("model_outputs", idAt(five), [{ late: true }]);
    for (const deployment of ["blue", "green"])
      storeFile(root, [input], columns.model_inputs, { deployment });
    storeFile(root, [output], columns.model_outputs, { deployment: "green" });
    const { account, rows } = await joined(root, both);
    expect(account).toMatchObject({ matched: 1, inputsOnly: 1, outputsOnly: 0, duplicates: 0 });
    expect(rows.map(({ deployment }) => deployment)).toEqual(["green"]);
  });

  test("joined rows as a file: DuckDB reads what was stored, in its types", async () => {
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1.5, order_id: "=1" }, { distance: null }]),
      frame("model_outputs", "A", [{ late: true, at: 1_700_000_000_000_001n }, { late: null }]),
      frame("explanations", "A", [{ reason: "far" }]),
      frame("labels", labelKeyId([["order_id", "=1"]]), [{ order_id: "=1", truth: true }], {
        tags: '{"label_key":"[\\"order_id\\"]"}',
      }),
    );
    await using data = await openDataset(root);
    const joined = await data.join({
      inputs: "model_inputs",
      outputs: ["model_outputs", "explanations"],
      labels: true,
      columns: { labels: ["truth"] },
    });
    const [columns, rows] = [
      "DESCRIBE SELECT * FROM FILE",
      "SELECT * REPLACE (epoch_us(model_outputs_at) AS model_outputs_at) FROM FILE",
    ];
    const bytes = await fileBytes(joined.export({ format: "parquet" }));
    expect(
      (await duckdbQuery(bytes, columns)).map((row) => [row["column_name"], row["column_type"]]),
    ).toEqual([
      ["id", "VARCHAR"],
      ["row_index", "INTEGER"],
      ["request_time", "TIMESTAMP WITH TIME ZONE"],
      ["endpoint", "VARCHAR"],
      ["deployment", "VARCHAR"],
      ["inputs_distance", "DOUBLE"],
      ["inputs_order_id", "VARCHAR"],
      ["model_outputs_late", "BOOLEAN"],
      ["model_outputs_at", "TIMESTAMP WITH TIME ZONE"],
      ["explanations_reason", "VARCHAR"],
      ["labels_truth", "BOOLEAN"],
    ]);
    expect((await duckdbQuery(bytes, rows)).map((row) => Object.values(row).slice(5))).toEqual([
      [1.5, "=1", true, 1_700_000_000_000_001n, "far", true],
      [null, null, null, null, null, null],
    ]);
    const lines = Buffer.from(await fileBytes(joined.export({ format: "jsonl" }))).toString();
    expect(
      lines
        .split("\n")
        .slice(0, 2)
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      { inputs_order_id: "=1", model_outputs_at: "2023-11-14T22:13:20.000001Z", labels_truth: true },
      { row_index: 1, explanations_reason: null },
    ]);
    const csv = Buffer.from(await fileBytes(joined.export({ format: "csv" }))).toString();
    expect(csv).toContain("1.5,'=1,true,");
    expect(() => joined.export({ format: "xml" as never })).toThrow('export: format: expected one of "csv"');
  });

  test("a file that cannot be read is told once, or an error after the others", async () => {
    const root = await stored(
      frame("model_inputs", "A", [{ distance: 1 }]),
      frame("model_outputs", "A", [{ late: true }]),
    );
    const torn = storeFile(root, [frame("model_outputs", "B", [{ late: true }])], columns.model_outputs);
    writeFileSync(join(root, torn), "PAR1");
    await expect(joined(root, both)).rejects.toMatchObject({
      code: "CORRUPT",
      message: expect.stringContaining(torn),
    });
    const told: string[] = [];
    const { account, rows } = await joined(root, {
      ...both,
      onUnreadable: ({ path }) => void told.push(path),
    });
    expect(account).toMatchObject({ matched: 1 });
    expect(rows).toHaveLength(1);
    expect(told).toEqual([torn]);
  });

  test("options that are none are refused, with what was expected", async () => {
    const root = await stored(frame("model_inputs", "A", [{}]), frame("model_outputs", "A", [{}]));
    await using data = await openDataset(root);
    const inputs = "model_inputs";
    for (const [options, message] of [
      [undefined, "join: expected an object with inputs and outputs"],
      [{ inputs }, "join: outputs: expected the name of a collection, or a list of some"],
      [{ inputs, outputs: [] }, "join: outputs: expected"],
      [{ inputs: 5, outputs: "model_outputs" }, "join: inputs: expected the name of a collection"],
      [{ inputs: "inputs", outputs: "model_outputs" }, 'no collection "inputs" under'],
      [{ inputs, outputs: "model_output" }, 'no collection "model_output" under'],
      [{ inputs, outputs: "Model_Inputs" }, 'join: expected different collections, got "Model_Inputs" twice'],
      [{ inputs, ...both, labels: 5 }, "join: labels: expected true, or the name of a collection"],
      [{ inputs, ...both, by: "id" }, 'join: by: expected "row" or "request"'],
      [
        { inputs, ...both, lateness: "soon" },
        "join: lateness: expected milliseconds of at least 0, or a text",
      ],
      [{ inputs, ...both, lateness: -1 }, "join: lateness: expected milliseconds"],
      [{ inputs, ...both, from: "when" }, "join: from: expected"],
      [
        { inputs, ...both, columns: { output: [] } },
        'join: columns: expected only inputs, outputs, labels, got "output"',
      ],
      [{ inputs, ...both, columns: { outputs: "late" } }, "join: columns.outputs: expected an array"],
    ] as const)
      await expect(data.join(options as never)).rejects.toThrow(message);
  });
});
