import { globSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Collector, CorrelationContext, list, openDeployment } from "model-data-collector";
import { openDataset } from "model-data-collector/reader";
import { expect, test } from "vitest";
import { readAsMonitoring } from "../../support/azureml-reader.ts";
import { fileBytes } from "../../support/parquet-engines.ts";
import { scratch } from "../../support/scratch.ts";
import { run } from "../../unit/cli/run.ts";

const schema = {
  distance: "float64",
  seats: "int64",
  late: "boolean",
  origin: "string",
  at: "timestamp",
  raw: "binary",
  note: "json",
  tags: list("string"),
  times: list("timestamp"),
} as const;

const at = (time: string): Date => new Date(`2026-11-22T${time}Z`);

/** Frames of three hours, with every type, nulls, and values that do not fit. */
const frames = [
  {
    time: at("05:10:00.250"),
    rows: [
      {
        distance: 3,
        seats: 2n ** 60n,
        late: true,
        origin: 'é "x"\n\u2028',
        at: at("05:09:00.123"),
        raw: Uint8Array.of(0, 255),
        note: { a: [1, null] },
        tags: ["a", null],
        times: [at("01:02:03.004"), null],
      },
      {
        distance: null,
        seats: null,
        late: null,
        origin: null,
        at: null,
        raw: null,
        note: null,
        tags: null,
        times: null,
      },
    ],
  },
  { time: at("06:59:59.999"), rows: [{ distance: Number.NaN, seats: "many", origin: "JFK" }] },
  { time: at("06:10:00"), rows: [{ distance: -0 }, { distance: 1e300 }] },
  { time: at("23:59:59.999"), rows: [{ distance: 1.5, tags: [] }] },
];

async function collect(format: "parquet" | "jsonl"): Promise<string> {
  const { options, destination } = await scratch();
  await using deployment = await openDeployment(
    options({
      endpoint: "flights",
      deployment: "blue",
      format,
      modelVersion: "3",

      onError: () => {},
    }),
  );
  const inputs = new Collector({ name: "model_inputs", deployment, schema });
  for (const [i, { time, rows }] of frames.entries()) {
    const attributes: Record<string, string> = i === 1 ? { "Tenant-A": "blue", b: "2" } : {};
    const context = CorrelationContext.create({ id: `id-${i}`, requestTime: time, attributes });
    context.keep();
    inputs.collect(rows as never, context);
  }
  return destination;
}

/** Records by correlation id, without what no two collections of the same frames have alike. */
function records(text: string): Map<string, string> {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const plain = line.replace(/"id":"[^"]+"/, '"id":""').replace(/"time":"[^"]+"/, '"time":""');
      return [(JSON.parse(line) as { correlationid: string }).correlationid, plain];
    }),
  );
}

function storedText(folder: string): string {
  const files = globSync("flights/blue/model_inputs/**/*.jsonl", { cwd: folder }).sort();
  return files.map((file) => readFileSync(join(folder, file), "utf8")).join("");
}

test("records that are exported from Parquet are those that are stored as JSON lines, to the byte", async () => {
  const [parquet, lines] = [await collect("parquet"), await collect("jsonl")];
  await using data = await openDataset(parquet);
  const exported = Buffer.from(await fileBytes(data.export("model_inputs", { format: "azureml" })));
  expect(records(exported.toString())).toEqual(records(storedText(lines)));
  expect(records(exported.toString()).size).toBe(frames.length);
  // And JSON lines as they are.
  await using again = await openDataset(lines);
  const same = Buffer.from(await fileBytes(again.export("model_inputs", { format: "azureml" })));
  expect(same.toString()).toBe(storedText(lines));
});

test("mdc export writes the folder in which Azure ML's monitoring finds the same rows", async () => {
  const [parquet, lines] = [await collect("parquet"), await collect("jsonl")];
  const folder = join(parquet, "..", "for-monitoring");
  const args = ["export", "model_inputs", "--root", parquet, "--format", "azureml", "-o", folder];
  expect(await run(...args)).toEqual({ code: 0, out: "", err: "" });
  expect(globSync("**/*.jsonl", { cwd: folder }).sort()).toEqual(
    ["05", "06", "23"].map((hour) => `2026/11/22/${hour}/model_inputs.jsonl`),
  );
  const window = [at("05:00:00"), at("23:59:59.999")] as const;
  const theirs = readAsMonitoring(join(lines, "flights/blue/model_inputs"), ...window);
  const sorted = ({ rows }: typeof theirs): unknown => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  const ours = readAsMonitoring(folder, ...window);
  expect(ours.columns).toEqual(theirs.columns);
  expect(sorted(ours)).toEqual(sorted(theirs));
  // Nothing is written over.
  expect(await run(...args)).toMatchObject({
    code: 2,
    err: expect.stringContaining("there is something at"),
  });
  expect(await run(...args, "-n", "5")).toMatchObject({ code: 2, err: expect.stringContaining("--rows") });
});

test("mdc export --mltable makes the folder of a Parquet file one that Azure ML takes for a table", async () => {
  const parquet = await collect("parquet");
  const folder = join(parquet, "..", "asset");
  mkdirSync(folder);
  const args = [
    "export",
    "model_inputs",
    "--root",
    parquet,
    "-o",
    join(folder, "inputs.parquet"),
    "--mltable",
  ];
  expect(await run(...args)).toEqual({ code: 0, out: "", err: "" });
  expect(readFileSync(join(folder, "MLTable"), "utf8")).toContain('  - file: "./inputs.parquet"\n');
  expect(
    await run("export", "model_inputs", "--root", parquet, "--format", "csv", "--mltable"),
  ).toMatchObject({
    code: 2,
    err: expect.stringContaining("--mltable: expected -o <file>, and the format parquet"),
  });
});
