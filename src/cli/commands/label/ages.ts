import { type RunnableCommand, timeOption } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { textTable } from "../../text/text-table.ts";
import { ageText, amountText, countText } from "../../text/value-text.ts";
import { statsOption, withDataset } from "../../with-dataset.ts";

/** `mdc label ages`: how late the truth comes. */
export const labelAges: RunnableCommand = {
  name: "ages",
  summary: "say which share of a collection's requests was labelled within which time",
  parameters: "<collection> [--from <time>] [--to <time>]",
  positionals: [1, 1],
  options: {
    from: { type: "string", value: "<time>", description: "requests from this UTC time on" },
    to: { type: "string", value: "<time>", description: "requests before this UTC time" },
    ...statsOption,
    endpoint: { type: "string", value: "<name>", description: "only this endpoint" },
    deployment: { type: "string", value: "<name>", description: "only this deployment" },
  },
  examples: ["mdc label ages model_inputs --from 2026-11-01"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const [of = ""] = input.positionals;
    const [from, to] = [timeOption(input, "from"), timeOption(input, "to")];
    const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
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
