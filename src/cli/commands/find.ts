import { quote } from "../../base/errors.ts";
import { nearest } from "../../base/nearest.ts";
import { countOf } from "../../base/plural.ts";
import { everyTime } from "../../layout/partition.ts";
import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import type { Catalog } from "../../reader/catalog.ts";
import { checkColumns } from "../../reader/column-check.ts";
import type { FindOptions, FoundRow } from "../../reader/find.ts";
import { filesOf } from "../../reader/table.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { namesOf, selectionOf, selectionOptions } from "../options/selection.ts";
import { columnsAsked } from "../options/where-option.ts";
import { bold, dim, type Terminal } from "../terminal.ts";
import { rowTable } from "../text/row-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { timeText } from "../text/value-text.ts";
import { waitingLines } from "../waiting.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";

const defaultRows = 20;

/** `mdc find`: rows by value. */
export const find: RunnableCommand = {
  name: "find",
  summary: "find rows by a value or a text, in all collections, the latest first",
  parameters:
    "(--where <condition> | --text <text>) [--in <collections>] [-n 20] [--from <time>] [--to <time>]",
  positionals: [0, 0],
  options: {
    ...selectionOptions(defaultRows),
    text: {
      type: "string",
      value: "<text>",
      description: "only rows in which this stands in any text, JSON or body; reads all of them",
    },
    in: { type: "string", value: "<names>", description: "only these collections, separated by commas" },
    ...datasetOptions,
  },
  examples: [
    "mdc find --where order_id=A-17",
    "mdc find --where origin=JFK --where 'delay>=60' --from 2026-11-22 -n 100 --json",
    "mdc find --text timeout --in request,response --stats",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const unreadable: UnreadableFile[] = [];
    const options = {
      ...optionsOf(input),
      onUnreadable: (file: UnreadableFile) => void unreadable.push(file),
    };
    terminal.progress("searching …");
    const { root, found } = await withDataset(input, async (data, catalog) => {
      const found = await data.find(options);
      if (found.length === 0 && unreadable.length === 0)
        for (const name of options.collections ?? []) await filesOf(catalog, name, everyTime);
      if (found.length === 0) await refuseMissing(catalog, columnsAsked(input));
      return { root: data.root, found };
    });
    if (input.flag("json")) terminal.json(found);
    else show(found, terminal);
    const code = tellUnreadable(unreadable, terminal);
    if (found.length > 0) return code;
    terminal.err(`mdc: nothing is stored under ${root} that fits`);
    for (const line of await waitingLines(input)) terminal.err(line);
    return exitCode.data;
  },
};

function optionsOf(input: CommandInput): FindOptions {
  const [selection, text] = [selectionOf(input, defaultRows), input.text("text")];
  if (selection.where === undefined && text === undefined)
    throw new UsageError("mdc find: expected --where or --text (mdc find --help)");
  if (text === "") throw new UsageError("--text: expected a text");
  const collections = namesOf(input, "in");
  return {
    ...selection,
    ...(text === undefined ? {} : { text }),
    ...(collections === undefined ? {} : { collections }),
  };
}

/** {@link UsageError} if a column that was asked about is in no file of any collection. */
async function refuseMissing(catalog: Catalog, columns: readonly string[]): Promise<void> {
  const { missing, known } = await checkColumns(catalog, undefined, columns);
  const [first] = missing;
  if (first === undefined || known.length === 0) return;
  const near = nearest(first, known);
  const features = known.filter((column) => !isSystemColumn(column));
  const hint = near === undefined ? `there are: ${features.join(", ")}` : `did you mean ${quote(near)}?`;
  throw new UsageError(`--where: no file has a column ${quote(first)}; ${hint}`);
}

function show(found: readonly FoundRow[], terminal: Terminal): void {
  const groups = new Map<string, FoundRow[]>();
  for (const one of found) {
    const key = `${one.endpoint}/${one.deployment}/${one.collection}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  for (const [i, rows] of [...groups.values()].entries()) {
    const [first] = rows;
    if (first === undefined) continue;
    if (i > 0) terminal.out("");
    const place = dim(`(${first.endpoint}/${first.deployment})`);
    terminal.out(bold(first.collection), " ", place, `, ${countOf(rows.length, "row")}`);
    const table = rows.map(({ id, requestTime, row }) => ({
      [systemColumns.correlationId.name]: id,
      requested: timeText(requestTime),
      ...row,
    }));
    for (const line of rowTable(table, terminal)) terminal.out(line);
  }
}
