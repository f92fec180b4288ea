import { number, table, times } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What frames cost that are not kept, unless something speaks for their request. */
export const keepingSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const at = (contender: string, metric: string) => find(record, metric, { contender });
  const beside = (metric: string): string | undefined => {
    const kept = at("ours, column arrays", metric);
    const recorder = at("ours, sampled out, flight recorder", metric);
    return kept && recorder && times(recorder.median, kept.median);
  };
  const call = beside("p50");
  const cpu = beside("CPU");
  return {
    title: "What sampling and the flight recorder cost",
    headline: undefined,
    body: [
      "`collect` of 10 rows × 20 columns of column arrays, p50 / p99 / p99.9, µs, and the CPU of all threads a call, files included; the first is kept, the others are left out by a sampling rate of 0. The rule asks for a value of a column, and the flight recorder of 16 MiB is full.",
      table(
        ["", "µs", "CPU, µs"],
        contenders.map((contender) => [
          contender,
          ["p50", "p99", "p99.9"]
            .map((metric) => at(contender, metric))
            .map((result) => (result === undefined ? "–" : number(result.median)))
            .join(" / "),
          cpuOf(at(contender, "CPU")),
        ]),
      ),
      ...(call === undefined || cpu === undefined
        ? []
        : [
            `A frame that goes into the flight recorder costs ${cpu} times the CPU of one that is kept, and its call ${call} times the time at the median: its copy lies in memory that no cache holds, and is never encoded.`,
          ]),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};

const cpuOf = (result: { median: number } | undefined): string =>
  result === undefined ? "–" : number(result.median);
