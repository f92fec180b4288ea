import { isSystemColumn, systemColumns } from "../../layout/system-columns.ts";
import type { Row } from "../../layout/row.ts";
import type { UnreadableFile } from "../../reader/unreadable.ts";
import { type RunnableCommand, timeOption, UsageError, wholeNumber } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { withDataset } from "../with-dataset.ts";
import { rowTable } from "../text/row-table.ts";
import { tellUnreadable } from "../text/unreadable.ts";

/** `mdc head`: the first rows. */
export const head: RunnableCommand = {
  name: "head",
  summary: "show the first rows of a collection",
  parameters: "<collection> [-n <rows>] [--columns a,b] [--from <time>] [--to <time>]",
  positionals: [1, 1],
  options: {
    rows: { type: "string", short: "n", value: "<rows>", description: "how many rows; default 10" },
    columns: { type: "string", value: "<names>", description: "only these columns, separated by commas" },
    system: { type: "boolean", description: "show all mdc_ columns too" },
    from: { type: "string", value: "<time>", description: "requests from this UTC time on" },
    to: { type: "string", value: "<time>", description: "requests before this UTC time" },
  },
  examples: ["mdc head model_inputs", "mdc head model_outputs -n 100 --from 2026-11-22T05:00 --json"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const limit = wholeNumber(input, "rows", 1, 10);
    const columns = input.text("columns")?.split(",");
    if (columns?.includes("")) throw new UsageError("--columns: expected names separated by commas");
    const [from, to] = [timeOption(input, "from"), timeOption(input, "to")];
    const unreadable: UnreadableFile[] = [];
    const rows = await withDataset(input, async (data) => {
      const table = data.table(input.positionals[0] ?? "", {
        limit,
        onUnreadable: (file) => unreadable.push(file),
        ...(columns === undefined ? {} : { columns }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      const first: Row[] = [];
      for await (const row of table.rows()) first.push(row);
      return first;
    });
    if (input.flag("json")) {
      terminal.json(rows);
      return tellUnreadable(unreadable, terminal);
    }
    const everything = input.flag("system") || columns !== undefined;
    const shown = rows.map((row) => (everything ? row : withoutSystem(row)));
    for (const line of rowTable(shown, terminal)) terminal.out(line);
    if (rows.length === 0) terminal.err("no rows");
    return tellUnreadable(unreadable, terminal);
  },
};

/** Without the system columns but the id, which `mdc trace` takes. */
function withoutSystem(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([name]) => !isSystemColumn(name) || name === systemColumns.correlationId.name,
    ),
  );
}
