import type { Row } from "../../layout/row.ts";
import type { CollectionJoin, HourJoin, JoinAccount } from "../../reader/join/join-account.ts";
import type { JoinOptions } from "../../reader/join/join-options.ts";
import type { JoinedRow } from "../../reader/join/joined-rows.ts";
import { type JoinFormat, joinFormats } from "../../reader/join/export-join.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type CommandInput, type RunnableCommand, timeOption, UsageError, wholeNumber } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import type { Terminal, Text } from "../terminal.ts";
import { rowTable } from "../text/row-table.ts";
import { textTable } from "../text/text-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { amountText, countText, timeText } from "../text/value-text.ts";
import { rangeOptions } from "../options/selection.ts";
import { newFile, told } from "./export/new-file.ts";
import { datasetOptions, withDataset } from "../with-dataset.ts";

/** What Azure's monitoring and this package's own examples call them. */
const [usualInputs, usualOutputs] = ["model_inputs", "model_outputs"];

/** `mdc join`: inputs with their outputs, and what became of every row. */
export const joinCommand: RunnableCommand = {
  name: "join",
  summary: "put inputs and outputs together, and labels, and say what became of every row",
  parameters: `[${usualInputs}] [${usualOutputs}] [<more outputs>] [--labels] [-n 5] [--account] [-o <file>] [--from <time>] [--to <time>]`,
  positionals: [0, 64],
  options: {
    labels: { type: "boolean", description: "join ground truth, too: the collection labels" },
    by: {
      type: "string",
      value: "row|request",
      description: "rows of one place in their frames (default), or all rows of a request",
    },
    lateness: {
      type: "string",
      value: "<time>",
      description: "how long after its request an output or label may come: 30d (default), 12h, 90m; all",
    },
    hours: { type: "boolean", description: "the account of each hour, too" },
    account: { type: "boolean", description: "the account alone, no rows; --json alone has the rows alone" },
    "max-loss": {
      type: "string",
      value: "<percent>",
      description: "end with 1 if more of the inputs, or of the outputs, are without their other half",
    },
    rows: { type: "string", short: "n", value: "<rows>", description: "how many joined rows; default 5" },
    output: {
      type: "string",
      short: "o",
      value: "<file>",
      description: `write all joined rows as a new file: ${joinFormats.join(", ")}, by its ending`,
    },
    ...rangeOptions,
    ...datasetOptions,
  },
  examples: [
    "mdc join",
    "mdc join model_inputs model_outputs --labels --lateness 7d --from 2026-11-22 --hours",
    "mdc join queries answers citations --by request -n 20 --json",
    "mdc join --account --json",
    "mdc join --labels -n 0 -o joined.parquet",
    "mdc join --from 2026-11-22 --to 2026-11-23 --max-loss 1 -n 0",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const unreadable: UnreadableFile[] = [];
    const options = {
      ...optionsOf(input),
      onUnreadable: (file: UnreadableFile) => void unreadable.push(file),
    };
    const rowsWanted = wholeNumber(input, "rows", 0, 5);
    const maxRows = input.flag("account") ? 0 : rowsWanted;
    const maxLoss = percentOf(input, "max-loss");
    terminal.progress("joining …");
    const output = input.text("output");
    const format = formatOf(output);
    const { account, rows } = await withDataset(input, async (data) => {
      const joined = await data.join(options);
      if (output !== undefined && format !== undefined)
        await newFile(output, told(joined.export({ format }), terminal));
      return { account: joined.account, rows: maxRows === 0 ? [] : await firstRows(joined.rows(), maxRows) };
    });
    if (input.flag("json")) terminal.json(input.flag("account") ? account : rows);
    else show(account, rows, terminal, input.flag("hours"));
    const code = tellUnreadable(unreadable, terminal);
    const lossy = tellLoss(account, maxLoss, terminal);
    if (code !== exitCode.ok) return code;
    if (lossy) return exitCode.breach;
    return account.matched > 0 ? exitCode.ok : exitCode.data;
  },
};

function optionsOf(input: CommandInput): JoinOptions {
  const [inputs = usualInputs, first = usualOutputs, ...more] = input.positionals;
  const [by, lateness] = [input.text("by"), input.text("lateness")];
  if (by !== undefined && by !== "row" && by !== "request")
    throw new UsageError("--by: expected row or request");
  const [from, to] = [timeOption(input, "from"), timeOption(input, "to")];
  return {
    inputs,
    outputs: more.length === 0 ? first : [first, ...more],
    labels: input.flag("labels"),
    ...(by === undefined ? {} : { by }),
    ...(lateness === undefined ? {} : { lateness: lateness === "all" ? Number.POSITIVE_INFINITY : lateness }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/** What a file's name says that it is. */
function formatOf(output: string | undefined): JoinFormat | undefined {
  if (output === undefined) return undefined;
  const format = joinFormats.find((one) => one === output.split(".").at(-1));
  if (format === undefined)
    throw new UsageError(`--output: expected a file that ends with one of ${joinFormats.join(", ")}`);
  return format;
}

function percentOf(input: CommandInput, option: string): number | undefined {
  const text = input.text(option);
  if (text === undefined) return undefined;
  const percent = Number(text.replace(/%$/, ""));
  if (/^\d+(\.\d+)?%?$/.test(text) && percent <= 100) return percent;
  throw new UsageError(`--${option}: expected a percentage from 0 to 100`);
}

async function firstRows<T>(rows: AsyncIterable<T>, count: number): Promise<T[]> {
  const first: T[] = [];
  for await (const row of rows) if (first.push(row) >= count) break;
  return first;
}

function show(account: JoinAccount, rows: readonly Joined[], terminal: Terminal, withHours: boolean): void {
  for (const line of countsTable(account.collections, terminal)) terminal.out(line);
  if (withHours && account.hours.length > 0) {
    terminal.out("");
    for (const line of countsTable(account.hours, terminal)) terminal.out(line);
  }
  if (rows.length === 0) return;
  const isOne = account.collections.filter(({ side }) => side === "outputs").length === 1;
  terminal.out("");
  for (const line of rowTable(
    rows.map((row) => flat(row, isOne)),
    terminal,
  ))
    terminal.out(line);
}

const kinds = ["rows", "matched", "only", "duplicates", "late", "superseded"] as const;

/** A kind that no collection has is left out. */
function countsTable(
  counts: readonly (CollectionJoin | HourJoin)[],
  { width }: { readonly width: number },
): Text[] {
  const shown = kinds.filter((kind, i) => i < 3 || counts.some((one) => one[kind] > 0));
  const isHourly = counts.some((one) => "hour" in one);
  const columns = [
    ...(isHourly ? [{ title: "hour (UTC)" }] : []),
    { title: "collection" },
    { title: "side" },
    ...shown.map((title) => ({ title, align: "right" as const })),
    ...(isHourly ? [{ title: "endpoint/deployment" }] : []),
  ];
  const lines = counts.map((one) => [
    ...("hour" in one ? [timeText(one.hour).slice(0, 16)] : []),
    one.collection,
    one.side,
    ...shown.map((kind) => countText(one[kind])),
    ...("hour" in one ? [`${one.endpoint}/${one.deployment}`] : []),
  ]);
  return textTable(columns, lines, { width });
}

/** A row with outputs of one collection, or of several. */
type Joined = JoinedRow<string | readonly string[]>;

/** A joined row as one of a table: the columns of each side behind its name. */
function flat({ id, rowIndex, requestTime, inputs, outputs, labels }: Joined, isOne: boolean): Row {
  const sides: Record<string, unknown> = {
    inputs,
    ...(isOne ? { outputs } : outputs),
    ...(labels === null ? {} : { labels }),
  };
  const cells = Object.entries(sides).flatMap(([side, row]) =>
    Object.entries(row ?? {}).map(([name, value]) => [`${side}.${name}`, value as unknown] as const),
  );
  return { id, row: rowIndex, requested: timeText(requestTime), ...Object.fromEntries(cells) };
}

/** So many rows without their other half are worth a word. */
const tellPercent = 10;

/** Says on which side rows are without their other half; whether they are more than may be. */
function tellLoss(
  { matched, unequal, collections }: JoinAccount,
  maxLoss: number | undefined,
  terminal: Terminal,
): boolean {
  let isBreached = false;
  for (const { side, collection, rows, matched: own, duplicates } of collections) {
    if (side === "labels" || rows === duplicates) continue;
    const lost = rows - duplicates - own;
    const percent = (lost / (rows - duplicates)) * 100;
    const isTooMany = maxLoss !== undefined && percent > maxLoss;
    isBreached ||= isTooMany;
    if (percent > Math.min(tellPercent, maxLoss ?? tellPercent))
      terminal.err(
        `mdc: ${amountText(lost, "row")} of ${collection} (${percent.toFixed(1)}%) without ${side === "inputs" ? "outputs" : "inputs"}${isTooMany ? `; at most ${maxLoss}% may be` : ""}`,
      );
  }
  if (unequal > 0)
    terminal.err(
      `mdc: ${amountText(unequal, "frame")} of outputs with another number of rows than the inputs: see --by request`,
    );
  if (matched === 0 && collections.every(({ rows }) => rows === 0))
    terminal.err("mdc: there is nothing to join in that time");
  return isBreached;
}
