import { number, table } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** The SDK that this package mirrors, for scale. */
export const pythonSection: MakeSection = (record) => {
  const rows = valuesOf(record, "rows").map(Number);
  const [columns] = valuesOf(record, "columns");
  const middle = find(record, "p50", { rows: 10 });
  return {
    title: "For scale: Azure Machine Learning's SDK for Python",
    headline:
      middle === undefined
        ? undefined
        : `The Python SDK's \`collect\` takes ${number(middle.median)} µs for a frame of 10 × ${columns}.`,
    body: [
      "The call alone, of `azureml-ai-monitoring` with frames of pandas, against an agent that takes everything. It puts the frame into a queue, and turns it into JSON later, in a thread under the same interpreter lock.",
      table(
        ["", "p50 µs", "p99 µs"],
        rows.map((count) => [
          `${count} × ${columns}`,
          ...["p50", "p99"].map((metric) =>
            number(find(record, metric, { rows: count })?.median ?? Number.NaN),
          ),
        ]),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
