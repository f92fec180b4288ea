import { number, table, times } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** The SDK that this package mirrors, for scale. */
export const pythonSection: MakeSection = (record) => {
  const rows = valuesOf(record, "rows").map(Number);
  const [columns] = valuesOf(record, "columns");
  const contender = "azureml-ai-monitoring";
  const at = (metric: string, count: number): number =>
    find(record, metric, { contender, rows: count })?.median ?? Number.NaN;
  const [theirs, ours] = [at("CPU", 10), find(record, "CPU", { contender: "ours", rows: 10 })?.median];
  return {
    title: "For scale: Azure Machine Learning's SDK for Python",
    headline:
      ours === undefined
        ? undefined
        : `A frame of 10 × ${columns} takes the Python SDK ${number(theirs)} µs of CPU time and ours ${number(ours)} µs (${times(theirs, ours)} times less), all threads, the file included.`,
    body: [
      "`azureml-ai-monitoring` with frames of pandas, 500 a second, against an agent in another process that takes everything. The call puts the frame into a queue; a thread under the same interpreter lock turns it into JSON and sends it. CPU is that of all threads beyond the same loop without calls.",
      table(
        ["", "call p50 µs", "call p99 µs", "CPU per frame µs"],
        rows.map((count) => [
          `${count} × ${columns}`,
          ...["p50", "p99", "CPU"].map((metric) => number(at(metric, count))),
        ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
