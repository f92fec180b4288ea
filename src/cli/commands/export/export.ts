import { resolve } from "node:path";
import { writeNewFile } from "../../base/files/files.ts";
import { errorCode } from "../../base/files/file-system.ts";
import { systemColumns } from "../../layout/system-columns.ts";
import { exportFormats, type ExportFormat, type ExportOptions } from "../../reader/export/export-table.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type CommandInput, type RunnableCommand, timeOption, UsageError, wholeNumber } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { whereOf, whereOption } from "../options/where-option.ts";
import type { Terminal } from "../terminal.ts";
import { tellUnreadable } from "../text/unreadable.ts";
import { bytesText } from "../text/value-text.ts";
import { statsOption, withDataset } from "../with-dataset.ts";

/** `mdc export`: a collection as one file. */
export const exportCommand: RunnableCommand = {
  name: "export",
  summary: "write a collection, or some of its rows, as one file",
  parameters: "<collection> --format <format> [-o <file>] [--columns <names>] [--where <condition>]",
  positionals: [1, 1],
  options: {
    format: {
      type: "string",
      value: "<format>",
      description: `${exportFormats.join(", ")}; default by the file's ending`,
    },
    output: {
      type: "string",
      short: "o",
      value: "<file>",
      description: "a new file; default standard output",
    },
    columns: { type: "string", value: "<names>", description: "only these columns, separated by commas" },
    rows: { type: "string", short: "n", value: "<rows>", description: "how many rows; default all" },
    from: { type: "string", value: "<time>", description: "requests from this UTC time on" },
    to: { type: "string", value: "<time>", description: "requests before this UTC time" },
    ...whereOption,
    ...statsOption,
  },
  examples: [
    "mdc export model_inputs -o inputs.csv --from 2026-11-22",
    `mdc export model_outputs --format jsonl --where late=true --columns ${systemColumns.correlationId.name},late`,
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [name = ""] = input.positionals;
    const unreadable: UnreadableFile[] = [];
    const onUnreadable = (file: UnreadableFile): void => void unreadable.push(file);
    const options = { ...optionsOf(input), onUnreadable };
    const output = input.text("output");
    if (output === undefined && Number.isFinite(terminal.width))
      throw new UsageError("mdc export writes to no terminal: give -o <file>, or send it through a pipe");
    await withDataset(input, async (data) => {
      const bytes = told(data.export(name, options), terminal);
      if (output === undefined) for await (const piece of bytes) await terminal.bytes(piece);
      else await writeFile(output, bytes);
    });
    return tellUnreadable(unreadable, terminal);
  },
};

async function writeFile(output: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    await writeNewFile(resolve(output), bytes);
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST")
      throw new UsageError(`--output: there is something at ${output} already`);
    if (errorCode(thrown) === "ENOENT") throw new UsageError(`--output: there is no folder for ${output}`);
    throw thrown;
  }
}

function optionsOf(input: CommandInput): ExportOptions {
  const format = input.text("format") ?? input.text("output")?.split(".").at(-1);
  if (!isFormat(format)) throw new UsageError(`--format: expected one of ${exportFormats.join(", ")}`);
  const columns = input.text("columns")?.split(",");
  if (columns?.includes("") === true) throw new UsageError("--columns: expected names separated by commas");
  const [from, to, where] = [timeOption(input, "from"), timeOption(input, "to"), whereOf(input)];
  return {
    format,
    limit: wholeNumber(input, "rows", 1, Number.POSITIVE_INFINITY),
    ...(columns === undefined ? {} : { columns }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(where === undefined ? {} : { where }),
  };
}

function isFormat(text: string | undefined): text is ExportFormat {
  return exportFormats.some((format) => format === text);
}

/** The same bytes; how many there were so far is shown. */
async function* told(bytes: AsyncIterable<Uint8Array>, terminal: Terminal): AsyncGenerator<Uint8Array> {
  let written = 0;
  for await (const piece of bytes) {
    yield piece;
    written += piece.length;
    terminal.progress(`exporting … ${bytesText(written)}`);
  }
}
