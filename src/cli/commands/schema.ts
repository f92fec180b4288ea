import type { CollectionSummary } from "../../reader/collection-summary.ts";
import { isSystemColumn } from "../../layout/system-columns.ts";
import type { CommandInput, RunnableCommand } from "../command.ts";
import { type ExitCode, exitCode } from "../exit-code.ts";
import { withDataset } from "../with-dataset.ts";
import { bold, dim } from "../terminal.ts";
import { textTable } from "../text/text-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";

/** `mdc schema`: the columns and their types. */
export const schema: RunnableCommand = {
  name: "schema",
  summary: "show the columns of a collection and their types",
  parameters: "[<collection>] [--system]",
  positionals: [0, 1],
  options: {
    system: { type: "boolean", description: "show the mdc_ columns too, which every collection has" },
  },
  examples: ["mdc schema", "mdc schema model_inputs --system"],
  async run(input): Promise<ExitCode> {
    input.terminal.progress("reading footers …");
    const { root, all } = await withDataset(input, async (data) => ({
      root: data.root,
      all: await data.collections(),
    }));
    const [name] = input.positionals;
    const chosen =
      name === undefined ? all : all.filter((one) => one.name.toLowerCase() === name.toLowerCase());
    if (chosen.length === 0) {
      const there = [...new Set(all.map((one) => one.name))].join(", ");
      const what =
        name === undefined || there === "" ? "nothing is stored" : `no collection ${JSON.stringify(name)}`;
      input.terminal.err(`mdc: ${what} under ${root}${there === "" ? "" : `; there are: ${there}`}`);
      return name === undefined ? exitCode.ok : exitCode.usage;
    }
    show(chosen, input);
    return tellUnreadable(
      chosen.flatMap(({ unreadable }) => unreadable),
      input.terminal,
    );
  },
};

function show(collections: readonly CollectionSummary[], input: CommandInput): void {
  const { terminal } = input;
  const shown = collections.map(({ name, endpoint, deployment, columns }) => ({
    name,
    endpoint,
    deployment,
    columns: columns.filter((column) => input.flag("system") || !isSystemColumn(column.name)),
  }));
  if (input.flag("json")) {
    terminal.json(shown);
    return;
  }
  for (const [i, { name, endpoint, deployment, columns }] of shown.entries()) {
    if (i > 0) terminal.out("");
    terminal.out(bold(name), " ", dim(`(${endpoint}/${deployment})`));
    const rows = columns.map((column) => [`  ${column.name}`, column.type]);
    for (const line of textTable([{ title: "  column" }, { title: "type" }], rows, {
      width: terminal.width,
    })) {
      terminal.out(line);
    }
  }
}
