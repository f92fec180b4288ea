import { barChart } from "./bar-chart.ts";
import { number, table, times } from "./format.ts";
import { lossesOf } from "./losses.ts";
import { isOwn, type MakeSection, picture } from "./section.ts";

const sizeMark = ": size";

/** Parquet from rows, beside other writers. */
export const encodeSection: MakeSection = ({ results }) => {
  const writers = results.filter(({ name, unit }) => unit === "µs/row" && !name.endsWith(sizeMark));
  const sizeOf = (name: string) => results.find((result) => result.name === name + sizeMark);
  const rivals = writers.filter(({ name }) => !isOwn(name));
  const [own] = writers.filter(({ name }) => isOwn(name));
  const [best] = [...rivals].sort((a, b) => a.median - b.median);
  const named = (of: readonly (typeof writers)[number][]) =>
    of.map((result) => ({ name: result.name, result }));
  return {
    title: "Writing Parquet",
    headline:
      own === undefined || best === undefined
        ? undefined
        : `A row of 20 columns and our 19 becomes Parquet in ${number(own.median)} µs from what lies in the spool (${own.name}), ${times(best.median, own.median)} times as fast as the fastest rival here from arrays, ${best.name}.`,
    body: [
      "Time for a row of 20 columns. Ours starts from what lies in the spool, or `from arrays` as the others do, and always adds its 19 system columns; the others add them in the rows named so. nodejs-polars and DuckDB may use several threads, ours and the rest use one.",
      table(
        ["", "µs/row", "least to greatest", "bytes/row"],
        writers.map(({ name, median, min, max }) => {
          const size = sizeOf(name)?.median ?? 0;
          return [name, number(median), `${number(min)} to ${number(max)}`, size === 0 ? "–" : number(size)];
        }),
      ),
      picture("encode", "Time for a row of 20 columns"),
    ].join("\n\n"),
    pictures: new Map([
      [
        "encode",
        barChart(
          "Parquet: time for a row of 20 columns",
          "µs",
          writers.map(({ name, median: value, min, max }) => ({
            label: name,
            value,
            min,
            max,
            own: isOwn(name),
          })),
        ),
      ],
    ]),
    losses: [
      ...lossesOf("Time to write a row as Parquet", own, named(rivals)),
      ...lossesOf(
        "Bytes of a row in Parquet, ours with its system columns",
        own === undefined ? undefined : sizeOf(own.name),
        rivals
          .filter(({ name }) => (sizeOf(name)?.median ?? 0) > 0)
          .map(({ name }) => ({ name, result: sizeOf(name) })),
      ),
    ],
  };
};
