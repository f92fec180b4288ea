import { profileTable } from "../../../monitor/output/profile-table.ts";
import { profileRows, type ProfileMetrics } from "../../../monitor/run/profile-metrics.ts";
import { type RunnableCommand, UsageError } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import type { Text } from "../../terminal.ts";
import { type TextColumn, textTable } from "../../text/text-table.ts";
import { countText, timeText, valueText } from "../../text/value-text.ts";
import { tableOptions, writeTables } from "../../monitoring/output-options.ts";
import { withDataset } from "../../with-dataset.ts";
import { rowOptions, windowOptions } from "./monitor-options.ts";
import { namesOption, windowsOf } from "./monitor-plan.ts";

/** `mdc profile`: what the columns are like. */
export const profile: RunnableCommand = {
  name: "profile",
  summary: "show what the columns of a collection are like, by window and slice",
  parameters: "<collection> [--window 7d] [--from <time>] [--to <time>] [--by <column>] [--columns <names>]",
  positionals: [1, 1],
  options: { ...windowOptions, ...rowOptions, ...tableOptions },
  examples: ["mdc profile model_inputs", "mdc profile model_inputs --window 1d --by origin --json"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [collection = ""] = input.positionals;
    const [features, by] = [namesOption(input, "columns"), namesOption(input, "by")];
    if (by !== undefined && by.length > 1) throw new UsageError("--by: mdc profile takes one column");
    const rows = await withDataset(input, async (data, catalog) =>
      profileRows(data, {
        collection,
        windows: await windowsOf(input, catalog, collection),
        ...(features === undefined ? {} : { features }),
        ...(by?.[0] === undefined ? {} : { by: by[0] }),
        onProgress: (what) => terminal.progress(what),
      }),
    );
    await writeTables(input, [profileTable(rows)]);
    if (input.flag("json")) terminal.json(rows);
    else for (const line of tables(rows, terminal.width)) terminal.out(line);
    if (rows.length === 0) terminal.err("no rows");
    return exitCode.ok;
  },
};

/** A table for each window. */
function tables(rows: readonly ProfileMetrics[], width: number): Text[] {
  const windows = [...new Set(rows.map(({ window_start: start }) => start))];
  const hasSlices = rows.some(({ slice_key: key }) => key !== null);
  const right = "right" as const;
  const columns: TextColumn[] = [
    ...(hasSlices ? [{ title: "slice" }] : []),
    { title: "column" },
    { title: "type" },
    ...["rows", "nulls", "distinct", "min", "median", "max", "mean", "deviation"].map((title) => ({
      title,
      align: right,
    })),
    { title: "most frequent" },
  ];
  return windows.flatMap((start, i) => {
    const own = rows.filter((row) => row.window_start === start);
    const span = `${minute(start)} to ${minute(own[0]?.window_end ?? start)}`;
    return [
      ...(i === 0 ? [] : [""]),
      span,
      ...textTable(
        columns,
        own.map((row) => cells(row, hasSlices)),
        { width, maxCell: 60 },
      ),
    ];
  });
}

function cells(row: ProfileMetrics, hasSlices: boolean): string[] {
  const slice = row.slice_key === null ? "all" : `${row.slice_key}=${row.slice_value ?? "null"}`;
  const number = (value: number | string | null): string =>
    typeof value === "number" ? valueText(Number(value.toPrecision(6))) : (value ?? "");
  return [
    ...(hasSlices ? [slice] : []),
    row.column_name,
    row.data_type,
    ...[row.count, row.num_nulls + row.num_nan, row.distinct_count].map((count) =>
      countText(Math.round(count)),
    ),
    ...[row.min, row.median, row.max, row.avg, row.stddev].map(number),
    row.frequent_items
      .slice(0, 3)
      .map(([value, count]) => `${value} (${countText(count)})`)
      .join(", "),
  ];
}

function minute(time: string): string {
  return timeText(new Date(time)).slice(0, 16);
}
