import { number, table } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What it takes to make small files few. */
export const compactSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const sizes = valuesOf(record, "files").map(Number);
  const at = (contender: string, files: number, metric: string) => find(record, metric, { contender, files });
  const largest = Math.max(0, ...sizes);
  const ours = at("ours", largest, "time");
  return {
    title: "Compaction",
    headline:
      ours === undefined
        ? undefined
        : `\`mdc compact\` makes ${number(largest)} files one an hour in ${number(ours.median / 1000)} s.`,
    body: [
      "Files of 100 rows and 29 columns, of the 24 hours of a day in a folder, become one an hour, sorted. Ours reads the new ones back, compares them and deletes the small ones; DuckDB, which may use all cores, reads, sorts and writes only. Ours has two threads where the machine has two cores, or one.",
      table(
        ["", "s", "least to greatest", "CPU s", "RSS MB"],
        sizes.flatMap((files) =>
          contenders.map((contender) => {
            const [time, cpu, rss] = ["time", "CPU", "RSS"].map((metric) => at(contender, files, metric));
            const seconds = (ms: number | undefined): string => (ms === undefined ? "–" : number(ms / 1000));
            return [
              `${number(files)} files: ${contender}`,
              seconds(time?.median),
              `${seconds(time?.min)} to ${seconds(time?.max)}`,
              seconds(cpu?.median),
              rss === undefined ? "–" : number(rss.median),
            ];
          }),
        ),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: lossesOf(`Compaction of ${number(largest)} files`, ours, [
      { name: "DuckDB", result: at("DuckDB", largest, "time") },
    ]),
  };
};
