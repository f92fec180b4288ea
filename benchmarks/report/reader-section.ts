import type { BenchmarkRecord } from "../records.ts";
import { number, table } from "./format.ts";
import { lineChart } from "./line-chart.ts";
import { lossesOf } from "./losses.ts";
import { find, isOwn, type MakeSection, picture, valuesOf } from "./section.ts";

/** What finding and asking costs, by rows and by files. */
export const readerSection: MakeSection = (record) => {
  const largest = Math.max(0, ...sizesOf(record, "rows"));
  const id = find(record, "time", { question: "one id", by: "rows", size: largest, contender: "ours" });
  const kinds = ["rows", "files"] as const;
  return {
    title: "Asking what is stored",
    headline:
      id === undefined
        ? undefined
        : `One id among ${number(largest)} rows of 29 columns is found in ${number(id.median)} ms.`,
    body: [
      "Inputs (29 columns) and outputs (22) of a day, in a folder whose files are in the system's cache: a row a request, in files of 122,880 rows, or of 100 rows each. DuckDB reads the same files with `read_parquet` and `union_by_name`; of an id it is not told the hour. Each question has a process of its own; the first answer stands beside the median of the next ones.",
      ...kinds.flatMap((by) => [
        `### By number of ${by}`,
        table(["", "ms", "DuckDB, ms", "first, ms", "RSS, MB", "DuckDB's RSS, MB"], linesOf(record, by)),
        picture(`reader-${by}`, `Time by number of ${by}`),
      ]),
    ].join("\n\n"),
    pictures: new Map(kinds.map((by) => [`reader-${by}`, chart(record, by)])),
    losses: kinds.flatMap((by) =>
      questionsOf(record, by).flatMap((question) => {
        const size = Math.max(0, ...sizesOf(record, by));
        const at = (contender: string) => find(record, "time", { question, by, size, contender });
        return lossesOf(`${question} in ${number(size)} ${by}`, at("ours"), [
          { name: "DuckDB", result: at("DuckDB") },
        ]);
      }),
    ),
  };
};

function questionsOf({ results }: BenchmarkRecord, by: string): string[] {
  const asked = results
    .filter(({ facets }) => facets?.["by"] === by)
    .map(({ facets }) => facets?.["question"]);
  return [...new Set(asked.map(String))];
}

function sizesOf({ results }: BenchmarkRecord, by: string): number[] {
  const sizes = results.filter(({ facets }) => facets?.["by"] === by).map(({ facets }) => facets?.["size"]);
  return [...new Set(sizes.map(Number))];
}

function linesOf(record: BenchmarkRecord, by: string): string[][] {
  return questionsOf(record, by).flatMap((question) =>
    sizesOf(record, by).map((size) => {
      const figure = (contender: string, metric: string): string => {
        const result = find(record, metric, { question, by, size, contender });
        return result === undefined ? "–" : number(result.median);
      };
      return [
        `${question}, ${number(size)} ${by}`,
        figure("ours", "time"),
        figure("DuckDB", "time"),
        figure("ours", "first"),
        figure("ours", "RSS"),
        figure("DuckDB", "RSS"),
      ];
    }),
  );
}

function chart(record: BenchmarkRecord, by: string): string {
  const lines = valuesOf(record, "contender").flatMap((contender) =>
    questionsOf(record, by).flatMap((question) => {
      const points = sizesOf(record, by).flatMap((size): [number, number][] => {
        const result = find(record, "time", { question, by, size, contender });
        return result === undefined ? [] : [[size, result.median]];
      });
      const label = isOwn(contender) ? question : `${question}, ${contender}`;
      return points.length === 0 ? [] : [{ label, points, own: isOwn(contender) }];
    }),
  );
  return lineChart(`Time by number of ${by}`, { x: by, y: "ms", logarithmic: true }, lines);
}
