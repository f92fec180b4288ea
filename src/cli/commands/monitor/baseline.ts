import { resolve } from "node:path";
import { writeNewFile } from "../../../base/files/files.ts";
import { errorCode } from "../../../base/files/file-system.ts";
import type { ColumnKind } from "../../../layout/columns/column-groups.ts";
import { createBaseline } from "../../../monitor/run/create-baseline.ts";
import { type CommandGroup, type CommandInput, type RunnableCommand, UsageError } from "../../command.ts";
import { createCommandGroup } from "../../command-group.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { amountText } from "../../text/value-text.ts";
import { withDataset } from "../../with-dataset.ts";
import { baselineText } from "./baseline-text.ts";
import { rowOptions } from "./monitor-options.ts";
import { namesOption, windowsOf } from "./monitor-plan.ts";

/** `mdc baseline create`: what the data is like when all is well. */
const create: RunnableCommand = {
  name: "create",
  summary: "learn what a collection is like when all is well, as one JSON file for mdc drift and mdc quality",
  parameters: "<collection> [-o <file>] [--from <time>] [--to <time>] [--columns <names>]",
  positionals: [1, 1],
  options: {
    output: {
      type: "string",
      short: "o",
      value: "<file>",
      description: "a new file; default standard output",
    },
    categorical: {
      type: "string",
      value: "<names>",
      description: "numbers that are codes, separated by commas",
    },
    numerical: {
      type: "string",
      value: "<names>",
      description: "integers that are amounts, however few differ",
    },
    ...rowOptions,
  },
  examples: [
    "mdc baseline create model_inputs -o baseline.json --from 2026-11-01 --to 2026-11-08",
    "mdc baseline create model_inputs --categorical gate,terminal > baseline.json",
  ],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [collection = ""] = input.positionals;
    const features = namesOption(input, "columns");
    const baseline = await withDataset(input, async (data, catalog) => {
      const [span] = await windowsOf(input, catalog, collection);
      return createBaseline(data, {
        collection,
        from: span?.from as Date,
        to: span?.to as Date,
        kinds: kindsOf(input),
        ...(features === undefined ? {} : { features }),
        onProgress: (what) => terminal.progress(what),
      });
    });
    const text = baselineText(baseline);
    const output = input.text("output");
    const bytes = new TextEncoder().encode(text);
    if (output === undefined) await terminal.bytes(bytes);
    else {
      await writeOutput(output, bytes);
      const columns = `${amountText(baseline.columns.size, "column")} of ${amountText(baseline.rows, "row")}`;
      if (input.flag("json"))
        terminal.json({ file: output, rows: baseline.rows, columns: baseline.columns.size });
      else terminal.out(`${output}: ${columns}`);
    }
    for (const [name, reason] of baseline.skipped) terminal.err(`skipped: ${name}: ${reason}`);
    return exitCode.ok;
  },
};

/** `mdc baseline`. */
export const baseline: CommandGroup = createCommandGroup({
  name: "baseline",
  summary: "learn what data is like when all is well",
  subcommands: [create],
});

function kindsOf(input: CommandInput): Readonly<Record<string, ColumnKind>> {
  const kinds: Record<string, ColumnKind> = {};
  for (const kind of ["categorical", "numerical"] as const)
    for (const name of namesOption(input, kind) ?? []) kinds[name] = kind;
  return kinds;
}

async function writeOutput(output: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeNewFile(resolve(output), one(bytes));
  } catch (thrown) {
    if (errorCode(thrown) === "EEXIST")
      throw new UsageError(`--output: there is something at ${output} already`);
    if (errorCode(thrown) === "ENOENT") throw new UsageError(`--output: there is no folder for ${output}`);
    throw thrown;
  }
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
