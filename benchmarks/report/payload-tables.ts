import type { BenchmarkRecord } from "../records.ts";
import { number, table } from "./format.ts";
import { find, valuesOf } from "./section.ts";

/*
 * What the sections on servers with payload logging have in common: a table has a line for each subject.
 */

/** A column of a table: its head, and the cell of a subject; undefined if it has none. */
type Column = readonly [string, (kind: string | number, logger: string | number) => string | undefined];

/** The requests a second at which subjects were loaded, beside full load. */
export function ratesOf(record: BenchmarkRecord): number[] {
  return [200, 1_000].filter((rate) =>
    record.results.some(({ metric }) => metric === `${rate}/s first byte p99`),
  );
}

/** At a rate that leaves the machine time. `place` is where the highest percentile was taken. */
export function rateTable(record: BenchmarkRecord, rate: number, place: "first byte" | "served"): string {
  const columns: Column[] = [
    median(record, "first byte p50", `${rate}/s first byte p50`),
    median(record, "first byte p99", `${rate}/s first byte p99`),
    ...(place === "served"
      ? [
          median(record, "served p50", `${rate}/s served p50`),
          median(record, "served p99", `${rate}/s served p99`),
        ]
      : []),
    withSpread(record, `added to ${place} p99`, `${rate}/s ${place} p99 added`),
    median(record, "chunk p50", `${rate}/s chunk p50`),
    median(record, "chunk p99", `${rate}/s chunk p99`),
    median(record, "CPU", `${rate}/s CPU`),
  ];
  return `At ${number(rate)} requests a second:\n\n${subjectTable(record, columns)}`;
}

/** As fast as connections go that never wait. */
export function fullLoadTable(record: BenchmarkRecord): string {
  return subjectTable(record, [
    median(record, "requests/s", "requests/s"),
    withSpread(record, "of the other's", "requests/s share"),
    median(record, "first byte p50", "full load first byte p50"),
    median(record, "first byte p99", "full load first byte p99"),
    median(record, "CPU", "full load CPU"),
    median(record, "RSS, MB", "RSS"),
  ]);
}

/** A figure's median, and between what its rounds lay. */
export function spreadText({
  median: middle,
  min,
  max,
}: {
  median: number;
  min: number;
  max: number;
}): string {
  return `${number(middle)} (${number(min)} to ${number(max)})`;
}

function median(record: BenchmarkRecord, head: string, metric: string): Column {
  return [head, (kind, logger) => cell(find(record, metric, { kind, logger })?.median)];
}

function withSpread(record: BenchmarkRecord, head: string, metric: string): Column {
  return [
    head,
    (kind, logger) => {
      const result = find(record, metric, { kind, logger });
      return result === undefined ? undefined : spreadText(result);
    },
  ];
}

function cell(figure: number | undefined): string | undefined {
  return figure === undefined ? undefined : number(figure);
}

/** A line for each subject. */
function subjectTable(record: BenchmarkRecord, columns: readonly Column[]): string {
  const lines = valuesOf(record, "kind").flatMap((kind) =>
    valuesOf(record, "logger").flatMap((logger) => {
      const cells = columns.map(([, of]) => of(kind, logger));
      return cells.every((text) => text === undefined)
        ? []
        : [[`${kind}, ${logger}`, ...cells.map((text) => text ?? "–")]];
    }),
  );
  return table(["", ...columns.map(([head]) => head)], lines);
}
