import { readTextFile } from "../../base/files/text-file.ts";
import { asError, messageOf } from "../../base/errors.ts";
import { partitionKeys } from "../../layout/partition.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import { listViews, type ViewSummary } from "../../reader/sql/list-views.ts";
import type { SqlRows } from "../../reader/sql/sql-options.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type CommandInput, type RunnableCommand, UsageError, wholeNumber } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { rangeOf, rangeOptions } from "../options/selection.ts";
import { leaveNothing } from "../running/leave-nothing.ts";
import type { Terminal, Text } from "../terminal.ts";
import { rowTable } from "../text/row-table.ts";
import { textTable } from "../text/text-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { bytesText, countText } from "../text/value-text.ts";
import { datasetOptions, nothingStored, withDataset } from "../with-dataset.ts";

/** `mdc sql`: questions to all collections. */
export const sql: RunnableCommand = {
  name: "sql",
  summary: "ask in SQL, by DuckDB: each collection is a view of its name; without a statement, list them",
  parameters: "[<statement> | -f <file>] [--from <time>] [--to <time>]",
  positionals: [0, 1],
  options: {
    file: {
      type: "string",
      short: "f",
      value: "<file>",
      description: "the statements of a file; - for stdin",
    },
    ...rangeOptions,
    ...datasetOptions,
    "max-rows": { type: "string", value: "<rows>", description: "more rows are an error; default 100000" },
    "allow-files": {
      type: "boolean",
      description: "let statements read and write files of this machine, also with COPY … TO",
    },
  },
  examples: [
    "mdc sql",
    'mdc sql "select origin, avg(distance) from model_inputs group by origin" --from 2026-11-22',
    "mdc sql -f question.sql --json",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const statement = await statementOf(input);
    if (statement === undefined) return await list(input);
    const options = {
      ...rangeOf(input),
      allowFiles: input.flag("allow-files"),
      maxRows: wholeNumber(input, "max-rows", 1, 100_000),
      timestamps: input.flag("json") ? ("text" as const) : ("date" as const),
    };
    const unreadable: UnreadableFile[] = [];
    const onUnreadable = (file: UnreadableFile): void => void unreadable.push(file);
    using _ = leaveNothing();
    terminal.progress("asking …");
    const rows = await withDataset(input, (data) => data.sql(statement, { ...options, onUnreadable }));
    if (input.flag("json")) terminal.json([...rows]);
    else showRows(rows, terminal);
    return tellUnreadable(unreadable, terminal);
  },
};

/** What is to be run; undefined if nothing is given. */
async function statementOf(input: CommandInput): Promise<string | undefined> {
  const [statement] = input.positionals;
  const file = input.text("file");
  if (file === undefined) return statement;
  if (statement !== undefined) throw new UsageError("mdc sql: expected a statement or --file, got both");
  if (file === "-") return await readStdin();
  try {
    return readTextFile(file);
  } catch (thrown) {
    throw new UsageError(`--file: cannot be read: ${messageOf(asError(thrown))}`);
  }
}

async function readStdin(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) text += String(chunk);
  return text;
}

function showRows(rows: SqlRows, terminal: Terminal): void {
  // A plan is a drawing of several lines.
  const [first] = rows;
  if (rows.length > 0 && rows.columns[0]?.name === "explain_key") {
    for (const row of rows) for (const line of String(row["explain_value"]).split("\n")) terminal.out(line);
    return;
  }
  if (first === undefined) {
    terminal.err("no rows");
    return;
  }
  for (const line of rowTable(rows, terminal)) terminal.out(line);
}

async function list(input: CommandInput): Promise<ExitCode> {
  const { terminal } = input;
  terminal.progress("listing …");
  const { root, views, unreadable } = await withDataset(input, async (data, catalog) => ({
    root: data.root,
    ...(await listViews(catalog)),
  }));
  if (input.flag("json")) terminal.json(views);
  else if (views.length === 0 && unreadable.length === 0) terminal.err(await nothingStored(root));
  else {
    for (const line of viewTable(views, terminal)) terminal.out(line);
    const keys = `${partitionKeys.slice(0, 2).join(", ")}, …`;
    terminal.err(`and in each: the columns of the system (mdc schema --system), ${keys}`);
  }
  return tellUnreadable(unreadable, terminal);
}

function viewTable(views: readonly ViewSummary[], { width }: { readonly width: number }): Text[] {
  const columns = [
    { title: "view" },
    { title: "files", align: "right" as const },
    { title: "size", align: "right" as const },
    { title: "columns" },
  ];
  const rows = views.map(({ written, files, bytes, columns: all }) => {
    const features = all.filter(({ name }) => !isSystemColumn(name) && !partitionKeys.includes(name));
    const list = features.map(({ name, type }) => `${name} ${type}`).join(", ");
    return [written, countText(files), bytesText(bytes), list];
  });
  return textTable(columns, rows, { width });
}
