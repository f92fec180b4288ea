/** What became of a case. */
export interface Outcome {
  readonly row: string;
  readonly column: string;
  /** `ok`, or `left out` or `FAILED` with the reason. */
  readonly result: "ok" | "left out" | "FAILED";
  readonly reason?: string;
  readonly seconds: number;
}

/** One table of all outcomes: a row for each way, a column for each runtime that it ran on. */
export function table(outcomes: readonly Outcome[]): string {
  const columns = [...new Set(outcomes.map(({ column }) => column))];
  const rows = [...new Set(outcomes.map(({ row }) => row))];
  const cell = (row: string, column: string): string => {
    const one = outcomes.find((outcome) => outcome.row === row && outcome.column === column);
    if (one === undefined) return "";
    return one.result === "ok" ? `${one.seconds.toFixed(1)} s` : one.result;
  };
  const lines = [
    ["", ...columns],
    ...rows.map((row) => [row, ...columns.map((column) => cell(row, column))]),
  ];
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0), 3)) ?? [];
  const text = (line: readonly string[]): string =>
    `| ${line.map((word, at) => word.padEnd(widths[at] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = lines;
  return [text(head), text(widths.map((width) => "-".repeat(width))), ...body.map(text)].join("\n");
}
