import { barChart } from "./bar-chart.ts";
import { number, table } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, isOwn, type MakeSection, picture, valuesOf } from "./section.ts";

const own = "ours, group";
const pacedMetrics = ["p50", "p99", "p99.9", "loop delay p99", "CPU", "RSS", "frames/s", "lost"];
const saturatedMetrics = ["rows/s", "CPU", "RSS"];

/** A whole service, paced and saturated. */
export const pipelineSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const rivals = contenders.filter((contender) => !isOwn(contender) && contender !== "nothing");
  const at = (part: string, contender: string, metric: string) => find(record, metric, { part, contender });
  const tableOf = (part: string, metrics: readonly string[]): string => {
    const present = contenders.filter((contender) => at(part, contender, metrics[0] ?? "") !== undefined);
    const [first = ""] = present;
    const heads = metrics.map((metric) => `${metric} ${at(part, first, metric)?.unit ?? ""}`.trim());
    return table(
      ["", ...heads],
      present.map((contender) => [
        contender,
        ...metrics.map((metric) => {
          const result = at(part, contender, metric);
          return result === undefined ? "–" : number(result.median);
        }),
      ]),
    );
  };
  const bars = (part: string, metric: string) =>
    contenders.flatMap((contender) => {
      const result = at(part, contender, metric);
      if (result === undefined) return [];
      const { median: value, min, max } = result;
      return [{ label: contender, value, min, max, own: isOwn(contender) }];
    });
  const losses = (part: string, label: string, metric: string, better: "less" | "more" = "less") =>
    lossesOf(
      label,
      at(part, own, metric),
      rivals.map((name) => ({ name, result: at(part, name, metric) })),
      better,
    );
  const throughput = at("saturated", own, "rows/s");
  const [delay, idle] = [at("paced", own, "loop delay p99"), at("paced", "nothing", "loop delay p99")];

  return {
    title: "A whole service",
    headline:
      throughput === undefined
        ? undefined
        : `Frames of 10 × 20 become Parquet files at ${number(throughput.median)} rows a second, from the call to the file.`,
    body: [
      "20,000 frames of 10 rows × 20 columns a second, for some seconds, each design in a process of its own; p50, p99 and p99.9 are those of a call.",
      tableOf("paced", pacedMetrics),
      ...(delay === undefined || idle === undefined
        ? []
        : [
            `“nothing” is the same loop with nobody who keeps the frames: its event loop has a p99 of ${number(idle.median)} ms, with ours (group) ${number(delay.median)} ms.`,
          ]),
      picture("loop-delay", "Event loop delay at 20,000 frames a second"),
      "The same frames as fast as each design takes them. The time counts until all are in files: Parquet for ours, hyparquet-writer and DuckDB, text for JSON lines and pino.",
      tableOf("saturated", saturatedMetrics),
      picture("throughput", "Rows a second, saturated"),
    ].join("\n\n"),
    pictures: new Map([
      [
        "loop-delay",
        barChart(
          "Event loop delay p99, 20,000 frames of 10 × 20 a second",
          "ms",
          bars("paced", "loop delay p99"),
        ),
      ],
      [
        "throughput",
        barChart("Saturated: rows a second until all are in files", "rows/s", bars("saturated", "rows/s")),
      ],
    ]),
    losses: [
      ...["p50", "p99", "p99.9"].flatMap((metric) =>
        losses("paced", `A call at 20,000 frames a second, ${metric}`, metric),
      ),
      ...losses("paced", "Delay of the event loop at 20,000 frames a second, p99", "loop delay p99"),
      ...losses("paced", "Frames lost at 20,000 frames a second", "lost"),
      ...losses("paced", "CPU at 20,000 frames a second", "CPU"),
      ...losses("paced", "Memory at 20,000 frames a second", "RSS"),
      ...losses("saturated", "Throughput, saturated", "rows/s", "more"),
      ...losses("saturated", "Memory, saturated", "RSS"),
    ],
  };
};
