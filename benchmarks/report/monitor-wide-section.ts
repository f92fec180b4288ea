import { number, table } from "./format.ts";
import { find, type MakeSection, valuesOf } from "./section.ts";

/** What comparing a stored day of many columns costs. */
export const monitorWideSection: MakeSection = (record) => {
  const [rows, columns, baselineRows] = ["rows", "columns", "baselineRows"].map((facet) =>
    number(Number(valuesOf(record, facet)[0])),
  );
  return {
    title: "Monitoring many columns",
    headline: undefined,
    body: [
      `\`runMonitor\` of one stored day against a baseline that was kept of ${baselineRows} rows, all columns numbers, half of them of many digits: every distance, both tests, reading included. What does not fit into memory is read by groups of columns.`,
      table(
        ["rows × columns", "s", "CPU, s", "RSS, MB"],
        [
          [
            `${rows} × ${columns}`,
            ...["time", "CPU", "RSS"].map((metric) => number(find(record, metric, {})?.median ?? Number.NaN)),
          ],
        ],
      ),
    ].join("\n\n"),
    pictures: new Map(),
    losses: [],
  };
};
