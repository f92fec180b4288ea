import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import type { Row } from "../../layout/row.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import type { TableOptions } from "../../reader/table.ts";
import type { CommandInput, RunnableCommand } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";
import { columnsOption, namesOf, selectionOf, selectionOptions } from "../options/selection.ts";
import { columnsAsked } from "../options/where-option.ts";
import { refuseMissing } from "../options/refuse-missing.ts";
import { rowTable } from "../text/row-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";

const defaultRows = 10;

/** `mdc head`: the first rows. */
export const head: RunnableCommand = {
  name: "head",
  summary: "show the first rows of a collection",
  parameters: "<collection> [-n <rows>] [--columns a,b] [--from <time>] [--to <time>] [--where <condition>]",
  positionals: [1, 1],
  options: {
    ...selectionOptions(defaultRows),
    ...columnsOption,
    system: { type: "boolean", description: "show all mdc_ columns too" },
    ...datasetOptions,
  },
  examples: [
    "mdc head model_inputs",
    "mdc head model_outputs -n 100 --from 2026-11-22T05:00 --json",
    "mdc head model_inputs --where 'distance>500' --where origin=JFK --stats",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [name = ""] = input.positionals;
    const unreadable: UnreadableFile[] = [];
    const columns = namesOf(input, "columns");
    const onUnreadable = (file: UnreadableFile): void => void unreadable.push(file);
    const options = {
      ...selectionOf(input, defaultRows),
      onUnreadable,
      ...(columns === undefined ? {} : { columns }),
    };
    const rows = await firstRows(input, name, options);
    if (input.flag("json")) {
      terminal.json(rows);
      return tellUnreadable(unreadable, terminal);
    }
    const everything = input.flag("system") || columns !== undefined;
    const shown = rows.map((row) => (everything ? row : withoutSystem(row, terminal.width)));
    for (const line of rowTable(shown, terminal)) terminal.out(line);
    if (rows.length === 0) terminal.err("no rows");
    return tellUnreadable(unreadable, terminal);
  },
};

async function firstRows(
  input: CommandInput,
  name: string,
  options: TableOptions & { readonly columns?: readonly string[] },
): Promise<readonly Row[]> {
  return await withDataset(input, async (data, catalog) => {
    const rows: Row[] = [];
    for await (const row of data.table(name, options).rows()) rows.push(row);
    const empty = options.columns?.filter((column) => rows.every((row) => row[column] == null));
    await refuseMissing(catalog, name, empty ?? [], "columns");
    if (rows.length === 0) await refuseMissing(catalog, name, columnsAsked(input), "where");
    return rows;
  });
}

/** Characters in a line that has room for an id and hardly anything else. */
const narrow = 60;

/** Without the system columns but the id, which `mdc trace` takes; last where it would leave no room. */
function withoutSystem(row: Row, width: number): Row {
  const { name } = systemColumns.correlationId;
  const features = Object.entries(row).filter(([column]) => !isSystemColumn(column));
  const id = Object.entries(row).filter(([column]) => column === name);
  return Object.fromEntries(width < narrow ? [...features, ...id] : [...id, ...features]);
}
