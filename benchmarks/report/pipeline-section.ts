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
  const [framesPerSecond, rows, columns] = ["framesPerSecond", "rows", "columns"].map((facet) =>
    number(Number(valuesOf(record, facet)[0])),
  );
  const warmup = Number(valuesOf(record, "warmupSeconds")[0]);
  const shape = `${rows} × ${columns}`;
  const rate = `${framesPerSecond} frames a second`;
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
        : `Frames of ${shape} become Parquet files at ${number(throughput.median)} rows a second, from the call to the file.`,
    body: [
      `${framesPerSecond} frames of ${rows} rows × ${columns} columns a second, each design in a process of its own, after ${number(warmup)} s of the same that do not count; p50, p99 and p99.9 are those of a call.`,
      tableOf("paced", pacedMetrics),
      ...(delay === undefined || idle === undefined
        ? []
        : [
            `“nothing” is the same loop with nobody who keeps the frames: its event loop has a p99 of ${number(idle.median)} ms, with ours (group) ${number(delay.median)} ms.`,
          ]),
      picture("loop-delay", `Event loop delay at ${rate}`),
      "The same frames as fast as each design takes them. The time counts until all are in files: Parquet for ours, hyparquet-writer and DuckDB, text for JSON lines and pino.",
      tableOf("saturated", saturatedMetrics),
      picture("throughput", "Rows a second, saturated"),
    ].join("\n\n"),
    pictures: new Map([
      [
        "loop-delay",
        barChart(
          `Event loop delay p99, ${framesPerSecond} frames of ${shape} a second`,
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
      ...["p50", "p99", "p99.9"].flatMap((metric) => losses("paced", `A call at ${rate}, ${metric}`, metric)),
      ...losses("paced", `Delay of the event loop at ${rate}, p99`, "loop delay p99"),
      ...losses("paced", `Frames lost at ${rate}`, "lost"),
      ...losses("paced", `CPU at ${rate}`, "CPU"),
      ...losses("paced", `Memory at ${rate}`, "RSS"),
      ...losses("saturated", "Throughput, saturated", "rows/s", "more"),
      ...losses("saturated", "Memory, saturated", "RSS"),
    ],
  };
};
