import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../support/temp-folder.ts";
import { type StoredFrame, storeFile } from "../reader/stored-data.ts";
import { run } from "./run.ts";

const time = "2026-11-22T05:10:00.000Z";

async function sampleRoot(): Promise<string> {
  const root = await tempFolder();
  const frame = (collection: string, id: string, row: Record<string, unknown>): StoredFrame => ({
    collection,
    id,
    requestTime: time,
    rows: [row],
  });
  storeFile(
    root,
    ["A", "B", "C", "D"].map((id, i) => frame("model_inputs", id, { distance: i })),
    { distance: "DOUBLE" },
  );
  const outputs = ["A", "B", "C", "X"].map((id) => frame("model_outputs", id, { late: id === "A" }));
  storeFile(root, outputs, { late: "BOOLEAN" });
  storeFile(root, outputs.slice(0, 1), { late: "BOOLEAN" });
  storeFile(root, [frame("labels", "A", { truth: false })], { truth: "BOOLEAN" });
  return root;
}

test("shows what became of every row, and the first joined ones", async () => {
  const root = await sampleRoot();
  const { code, out, err } = await run("join", "--root", root, "--labels", "--hours", "-n", "1");
  expect(code).toBe(0);
  expect(out).toBe(`\
collection     side     rows  matched  only  duplicates
model_inputs   inputs      4        3     1           0
model_outputs  outputs     5        3     1           1
labels         labels      1        1     0           0

hour (UTC)        collection     side     rows  matched  only  duplicates  endpoint/deployment
2026-11-22 05:00  model_inputs   inputs      4        3     1           0  flights/blue
2026-11-22 05:00  model_outputs  outputs     5        3     1           1  flights/blue
2026-11-22 05:00  labels         labels      1        1     0           0  flights/blue

id  row  requested                inputs.distance  outputs.late  labels.truth
A     0  2026-11-22 05:10:00.000                0  true          false
`);
  expect(err).toBe(`\
mdc: 1 row of model_inputs (25.0%) without outputs
mdc: 1 row of model_outputs (25.0%) without inputs
`);
});

test("--json gives rows, or the account alone; several outputs by their names", async () => {
  const root = await sampleRoot();
  const json = ["--root", root, "--json"] as const;
  const { code, out } = await run("join", "model_inputs", "model_outputs", ...json, "-n", "2");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual(
    ["A", "B"].map((id, i) => ({
      id,
      rowIndex: 0,
      requestTime: time,
      endpoint: "flights",
      deployment: "blue",
      inputs: { distance: i },
      outputs: { late: id === "A" },
      labels: null,
    })),
  );
  const account: unknown = JSON.parse((await run("join", ...json, "--account")).out);
  expect(account).toMatchObject({ matched: 3, inputsOnly: 1, outputsOnly: 1, duplicates: 1, late: 0 });
  expect((await run("join", "--root", root, "--account")).out).toMatch(/^collection[^]*duplicates\n[^]*1\n$/);
  const several = await run(
    "join",
    "model_inputs",
    "model_outputs",
    "labels",
    "--root",
    root,
    "-n",
    "1",
    "--stats",
  );
  expect(several.out).toMatch(/inputs\.distance +model_outputs\.late +labels\.truth\n/);
  expect(several.err).toMatch(/^stats: \d+ listings? of/m);
});

test("-o writes all joined rows as a file, a column for each of either side", async () => {
  const root = await sampleRoot();
  const output = join(root, "joined.csv");
  const { code, out } = await run("join", "--root", root, "--labels", "-n", "0", "-o", output);
  expect([code, out.split("\n").length]).toEqual([0, 5]);
  const [header, ...lines] = readFileSync(output, "utf8").trimEnd().split("\r\n");
  expect(header).toBe(
    "id,row_index,request_time,endpoint,deployment,inputs_distance,outputs_late,labels_truth",
  );
  expect(lines).toEqual([
    "A,0,2026-11-22T05:10:00.000Z,flights,blue,0,true,false",
    "B,0,2026-11-22T05:10:00.000Z,flights,blue,1,false,",
    "C,0,2026-11-22T05:10:00.000Z,flights,blue,2,false,",
  ]);
  expect((await run("join", "--root", root, "-o", output)).err).toContain("there is something at");
});

test("--max-loss is a threshold; what cannot be joined is 3, a wrong line 2", async () => {
  const root = await sampleRoot();
  const code = async (...args: string[]): Promise<number> =>
    (await run("join", "--root", root, ...args)).code;
  expect(await code("--max-loss", "25")).toBe(0);
  expect(await code("--max-loss", "24.9%")).toBe(1);
  expect(await code("--lateness", "all", "--by", "request")).toBe(0);
  const none = await run("join", "--root", root, "--from", "2027-01-01");
  expect([none.code, none.err]).toEqual([3, "mdc: there is nothing to join in that time\n"]);
  for (const [args, message] of [
    [
      ["-o", "joined.xml"],
      "--output: expected a file that ends with one of csv, jsonl, parquet, arrow, arrows",
    ],
    [["--by", "id"], "--by: expected row or request"],
    [["--max-loss", "x"], "--max-loss: expected a percentage"],
    [["--lateness", "soon"], "join: lateness: expected"],
    [["model_inputs", "outputs"], 'no collection "outputs" under'],
    [["-n", "-1"], "--rows"],
  ] as const) {
    const wrong = await run("join", "--root", root, ...args);
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining(message)]);
  }
});
