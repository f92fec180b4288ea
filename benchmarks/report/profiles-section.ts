import { number, table, times } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What profiles of all rows cost. */
export const profilesSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const at = (contender: string, metric: string) => find(record, metric, { contender });
  const beside = (contender: string, metric: string): string | undefined => {
    const [kept, other] = [at("ours, column arrays", metric), at(contender, metric)];
    return kept && other && times(other.median, kept.median);
  };
  const figure = (contender: string, metric: string): string => {
    const result = at(contender, metric);
    return result === undefined ? "–" : number(result.median);
  };
  const said = ["ours, profiles", "ours, sampled out, profiles"].map((contender) => ({
    call: beside(contender, "p50"),
    cpu: beside(contender, "CPU"),
  }));
  const [keeps, leaves] = said;
  return {
    title: "Profiles",
    headline: undefined,
    body: [
      "`collect` of 1 row × 20 columns of column arrays, p50 / p99, µs, and the CPU of all threads a call, files included: with and without [profiles kept at the source](monitoring.md#profiles-at-the-source), kept and left out by a sampling rate of 0. The calls are measured in turns, in one process.",
      table(
        ["", "µs", "CPU, µs"],
        contenders.map((contender) => [
          contender,
          ["p50", "p99"].map((metric) => figure(contender, metric)).join(" / "),
          figure(contender, "CPU"),
        ]),
      ),
      ...(keeps?.call && keeps.cpu && leaves?.call && leaves.cpu
        ? [
            `With profiles a call of a frame that is kept takes ${keeps.call} times the time at the median, and ${keeps.cpu} times the CPU of all threads; one of a frame that is left out, which is read then, ${leaves.call} and ${leaves.cpu} times that of a frame that is kept without them.`,
          ]
        : []),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
