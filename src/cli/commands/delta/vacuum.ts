import { systemClock } from "../../../base/time/clock.ts";
import { vacuumTables } from "../../../upkeep/tables/repair-tables.ts";
import type { RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import { amountText } from "../../text/value-text.ts";
import { upkeepOptions, withStore } from "../upkeep/with-store.ts";

/** `mdc delta vacuum`: what was removed from tables is deleted. */
export const deltaVacuum: RunnableCommand = {
  name: "vacuum",
  summary: "delete the files that were removed from Delta tables more than seven days ago",
  parameters: "[--collection <name>] [--dry-run]",
  positionals: [0, 0],
  options: upkeepOptions,
  examples: ["mdc delta vacuum --root ./collected", "mdc delta vacuum --dry-run"],
  async run(input): Promise<ExitCode> {
    const { terminal } = input;
    const now = systemClock.now();
    const [would, tables] = await withStore(input, async (store, scope) => [
      scope.dryRun ? " would be" : "",
      await vacuumTables(store, { ...scope, now }),
    ]);
    if (input.flag("json")) terminal.json(tables);
    else
      for (const { table, deleted, kept, problem } of tables)
        if (problem === undefined)
          terminal.out(`${table}: ${amountText(deleted, "file")}${would} deleted, ${kept} kept for now`);
        else terminal.err(`left: ${problem}`);
    return tables.some(({ problem }) => problem !== undefined) ? exitCode.data : exitCode.ok;
  },
};
