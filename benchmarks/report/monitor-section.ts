import { number, table } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What comparing two stored spans of time costs: days by rows and columns, years by their hours. */
export const monitorSection: MakeSection = (record) => {
  const shapes = valuesOf(record, "columns").flatMap((columns) =>
    valuesOf(record, "rows")
      .filter((rows) => find(record, "time", { rows, columns, contender: "ours" }) !== undefined)
      .map((rows) => ({ rows: Number(rows), columns: Number(columns) })),
  );
  const at = (shape: (typeof shapes)[number], contender: string, metric: string) =>
    find(record, metric, { ...shape, contender });
  const median = (result: ReturnType<typeof find>): string =>
    result === undefined ? "–" : number(result.median);
  return {
    title: "Monitoring",
    headline: undefined,
    body: [
      "`runMonitor` of one stored day against the day before, rows against rows, in files of 100,000 rows whose bytes are in the system's cache: every distance, both tests, reading included. Evidently's drift preset is given the same feature columns, which pyarrow reads.",
      table(
        ["rows a day × columns", "s", "CPU, s", "RSS, MB", "Evidently, s", "Evidently's RSS, MB"],
        shapes.map((shape) => [
          `${number(shape.rows)} × ${shape.columns}`,
          ...["time", "CPU", "RSS"].map((metric) => median(at(shape, "ours", metric))),
          ...["time", "RSS"].map((metric) => median(at(shape, "Evidently", metric))),
        ]),
      ),
      "By stored profiles alone, one half of the time against the other, an object for each hour of 5,000 rows, and with those of a day merged by `mdc compact`:",
      table(
        ["hours", "stored", "s", "CPU, s", "RSS, MB"],
        valuesOf(record, "hours").flatMap((hours) =>
          valuesOf(record, "stored").map((stored) => [
            number(Number(hours)),
            String(stored),
            ...["time", "CPU", "RSS"].map((metric) => median(find(record, metric, { hours, stored }))),
          ]),
        ),
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: shapes.flatMap((shape) =>
      lossesOf(
        `comparing ${number(shape.rows)} rows of ${shape.columns} columns`,
        at(shape, "ours", "time"),
        [{ name: "Evidently", result: at(shape, "Evidently", "time") }],
      ),
    ),
  };
};
