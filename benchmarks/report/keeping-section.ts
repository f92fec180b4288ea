import { number, table, times } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What frames cost that are not kept, unless something speaks for their request. */
export const keepingSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const at = (contender: string, metric: string) => find(record, metric, { contender });
  const kept = at("ours, column arrays", "p50");
  const recorder = at("ours, sampled out, flight recorder", "p50");
  return {
    title: "What sampling and the flight recorder cost",
    headline: undefined,
    body: [
      "`collect` of 10 rows × 20 columns of column arrays, p50 / p99 / p99.9, µs; the first is kept, the others are left out by a sampling rate of 0. The rule asks for a value of a column, and the flight recorder of 16 MiB is full.",
      table(
        ["", "µs"],
        contenders.map((contender) => [
          contender,
          ["p50", "p99", "p99.9"]
            .map((metric) => at(contender, metric))
            .map((result) => (result === undefined ? "–" : number(result.median)))
            .join(" / "),
        ]),
      ),
      ...(kept === undefined || recorder === undefined
        ? []
        : [
            `A frame that goes into the flight recorder costs ${times(recorder.median, kept.median)} times as much as one that is kept.`,
          ]),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
