import { number, table, times } from "./format.ts";
import { lineChart } from "./line-chart.ts";
import { lossesOf } from "./losses.ts";
import { find, isOwn, type MakeSection, picture, valuesOf } from "./section.ts";

const own = "ours, column arrays";
const columns = 20;
/** What does not copy or write the frame. */
const noRivals = ["the clock", "ours, memory", "ours, frame", "ours, switched off", "ours, sampled out"];

/** What a call costs. */
export const collectSection: MakeSection = (record) => {
  const contenders = valuesOf(record, "contender").map(String);
  const allRows = valuesOf(record, "rows").map(Number);
  const allColumns = valuesOf(record, "columns").map(Number);
  const widely = contenders.filter((contender) => !noRivals.includes(contender));
  const at = (contender: string, rows: number, metric: string, width = columns) =>
    find(record, metric, { contender, rows, columns: width });
  const cell = (contender: string, rows: number, width = columns): string => {
    const figures = ["p50", "p99", "p99.9"].map((metric) => at(contender, rows, metric, width));
    return figures.map((result) => (result === undefined ? "–" : number(result.median))).join(" / ");
  };
  const lines = widely.map((contender) => ({
    label: contender,
    own: isOwn(contender),
    points: allRows.flatMap((rows) => {
      const result = at(contender, rows, "p50");
      return result === undefined ? [] : [[rows, result.median] as const];
    }),
  }));
  const losses = (form: string, rows: number, metric: string): string[] =>
    lossesOf(
      `A call with ${rows} × ${columns} ${form.replace("ours, ", "")}, ${metric}`,
      at(form, rows, metric),
      widely
        .filter((contender) => !isOwn(contender))
        .map((name) => ({ name, result: at(name, rows, metric) })),
    );
  const [mine, clone] = [at(own, 10, "p50"), at("structuredClone", 10, "p50")];
  const off = at("ours, switched off", 10, "p50");
  const clock = at("the clock", 10, "p50");
  const modes = noRivals.filter((contender) => at(contender, 10, "p50") !== undefined);

  return {
    title: "What a call of `collect` costs",
    headline:
      mine === undefined || clone === undefined
        ? undefined
        : `\`collect\` of 10 rows × ${columns} columns takes ${number(mine.median)} µs of the caller's time (median); \`structuredClone\` of the same takes ${number(clone.median)} µs.`,
    body: [
      picture("collect", `Median time of a call over rows of a frame, ${columns} columns`),
      `p50 / p99 / p99.9 of a call, µs, ${columns} columns. The two looks at the clock are in it${clock === undefined ? "" : ` (${number(clock.median)} µs)`}; p99.9 stands only where enough calls were made.`,
      table(
        ["", ...allRows.map((rows) => `${rows} ${rows === 1 ? "row" : "rows"}`)],
        widely.map((contender) => [contender, ...allRows.map((rows) => cell(contender, rows))]),
      ),
      "Ours for other widths, p50, µs:",
      table(
        ["", ...allRows.flatMap((rows) => allColumns.map((width) => `${rows} × ${width}`))],
        widely.filter(isOwn).map((contender) => [
          contender,
          ...allRows.flatMap((rows) =>
            allColumns.map((width) => {
              const result = at(contender, rows, "p50", width);
              return result === undefined ? "–" : number(result.median);
            }),
          ),
        ]),
      ),
      `In other modes, 10 rows × ${columns} columns of column arrays, p50 / p99 / p99.9, µs (the table above is durability \`group\`):`,
      table(
        ["", "10 rows"],
        modes.map((contender) => [contender, cell(contender, 10)]),
      ),
      ...(off === undefined || clock === undefined || mine === undefined
        ? []
        : [
            `A collection that is switched off costs ${times(off.median, mine.median)} times as much as one that is on; what is left is the correlation context.`,
          ]),
    ].join("\n\n"),
    pictures: new Map([
      [
        "collect",
        lineChart(
          `A call of collect: median, ${columns} columns`,
          { x: "rows of the frame", y: "µs", logarithmic: true },
          lines,
        ),
      ],
    ]),
    losses: [
      ...allRows.flatMap((rows) => ["p50", "p99"].flatMap((metric) => losses(own, rows, metric))),
      ...widely
        .filter((contender) => isOwn(contender) && contender !== own)
        .flatMap((form) => losses(form, 10, "p50")),
    ],
  };
};
