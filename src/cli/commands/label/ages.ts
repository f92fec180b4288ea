import type { RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { rangeOf, rangeOptions } from "../../options/selection.ts";
import { textTable } from "../../text/text-table.ts";
import { ageText, amountText, countText } from "../../text/value-text.ts";
import { datasetOptions, withDataset } from "../../with-dataset.ts";

/** `mdc label ages`: how late the truth comes. */
export const labelAges: RunnableCommand = {
  name: "ages",
  summary: "say which share of a collection's requests was labelled within which time",
  parameters: "<collection> [--from <time>] [--to <time>]",
  positionals: [1, 1],
  options: {
    ...rangeOptions,
    ...datasetOptions,
  },
  examples: ["mdc label ages model_inputs --from 2026-11-01"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [of = ""] = input.positionals;
    const range = rangeOf(input);
    terminal.progress("reading …");
    const { requests, curve } = await withDataset(input, (data) => data.labelAges({ of, ...range }));
    if (input.flag("json")) {
      terminal.json({ requests, curve });
      return exitCode.ok;
    }
    const right = "right" as const;
    const columns = [
      { title: "within" },
      { title: "labelled", align: right },
      { title: "share", align: right },
    ];
    const rows = curve.map(({ withinMs, labelled, share }) => [
      Number.isFinite(withinMs) ? ageText(withinMs) : "ever",
      countText(labelled),
      `${(share * 100).toFixed(1)}%`,
    ]);
    for (const line of textTable(columns, rows, { width: terminal.width })) terminal.out(line);
    terminal.err(`of ${amountText(requests, "request")}`);
    return exitCode.ok;
  },
};
