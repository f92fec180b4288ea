import { basename, dirname, join, resolve } from "node:path";
import { systemColumns } from "../../../layout/system-columns.ts";
import { exportFormats, type ExportFormat, type ExportOptions } from "../../../reader/export/export-table.ts";
import { mltableText } from "../../../reader/export/mltable.ts";
import type { UnreadableFile } from "../../../reader/unreadable.ts";
import { type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import type { ExitCode } from "../../exit-code.ts";
import { columnsOption, namesOf, selectionOf, selectionOptions } from "../../options/selection.ts";
import { datasetOptions, withDataset } from "../../with-dataset.ts";
import { tellUnreadable } from "../../text/unreadable.ts";
import { newFile, told, type WrittenFile } from "./new-file.ts";
import { writeHours } from "./hours.ts";

/** `mdc export`: a collection as one file, or as the folder that Azure ML's monitoring reads. */
export const exportCommand: RunnableCommand = {
  name: "export",
  summary: "write a collection, or some of its rows, as one file or as Azure ML's monitoring reads it",
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
      description:
        "a new file, or with format azureml a folder that gets a file for each hour; default standard output",
    },
    mltable: {
      type: "boolean",
      description:
        "with format parquet: also write the MLTable beside the file that makes its folder an asset",
    },
    ...columnsOption,
    ...selectionOptions(Number.POSITIVE_INFINITY),
    ...datasetOptions,
  },
  examples: [
    "mdc export model_inputs -o inputs.csv --from 2026-11-22",
    `mdc export model_outputs --format jsonl --where late=true --columns ${systemColumns.correlationId.name},late`,
    "mdc export model_inputs -o asset/inputs.parquet --mltable",
    "mdc export model_inputs --format azureml -o for-monitoring/model_inputs",
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
    if (output === undefined && input.flag("json"))
      throw new UsageError("--json: expected -o <file>, whose path and size it writes");
    const mltable = mltableOf(input, options.format, output);
    const written = await withDataset(input, async (data, catalog): Promise<WrittenFile[]> => {
      if (output !== undefined && options.format === "azureml" && !output.endsWith(".jsonl"))
        return await writeHours({ data, catalog, terminal }, name, options, output);
      const pieces = told(data.export(name, options), terminal);
      if (output !== undefined) return [await newFile(output, pieces)];
      for await (const piece of pieces) await terminal.bytes(piece);
      return [];
    });
    if (mltable !== undefined) written.push(await newFile(mltable.path, [Buffer.from(mltable.text)]));
    if (input.flag("json")) terminal.json(written);
    return tellUnreadable(unreadable, terminal);
  },
};

function optionsOf(input: CommandInput): ExportOptions {
  const output = input.text("output");
  const format = input.text("format") ?? (output === undefined ? undefined : formatOf(output));
  if (!isFormat(format)) throw new UsageError(`--format: expected one of ${exportFormats.join(", ")}`);
  const columns = namesOf(input, "columns");
  return {
    format,
    ...selectionOf(input, Number.POSITIVE_INFINITY),
    ...(columns === undefined ? {} : { columns }),
  };
}

/** What a file's name says that it is. */
function formatOf(output: string): string | undefined {
  return basename(output) === mltableName ? "mltable" : output.split(".").at(-1);
}

function isFormat(text: string | undefined): text is ExportFormat {
  return exportFormats.some((format) => format === text);
}

/** What Azure ML's tools look for in a folder. */
const mltableName = "MLTable";

/** The `MLTable` that is to stand beside the exported file, if one is wanted. */
function mltableOf(
  input: CommandInput,
  format: ExportFormat,
  output: string | undefined,
): { readonly path: string; readonly text: string } | undefined {
  if (!input.flag("mltable")) return undefined;
  if (format !== "parquet" || output === undefined)
    throw new UsageError("--mltable: expected -o <file>, and the format parquet");
  const text = mltableText({ paths: [`./${basename(output)}`] });
  return { path: join(dirname(resolve(output)), mltableName), text };
}
