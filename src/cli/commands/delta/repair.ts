import { systemClock } from "../../../base/time/clock.ts";
import { repairTables } from "../../../upkeep/tables/repair-tables.ts";
import type { CommandInput, RunnableCommand } from "../../command.ts";
import { type ExitCode, exitCode } from "../../exit-code.ts";
import type { Terminal } from "../../terminal.ts";
import { amountText } from "../../text/value-text.ts";
import { upkeepOptions, withStore } from "../upkeep/with-store.ts";

/** `mdc delta init`: logs of collections that have none. */
export const deltaInit: RunnableCommand = {
  name: "init",
  summary: "make Delta tables of collections that are none, with all their files",
  parameters: "[--collection <name>] [--dry-run]",
  positionals: [0, 0],
  options: upkeepOptions,
  examples: ["mdc delta init --root ./collected", "mdc delta init --collection model_inputs --dry-run"],
  run: (input) => run(input, "new"),
};

/** `mdc delta repair`: what logs lack. */
export const deltaRepair: RunnableCommand = {
  name: "repair",
  summary: "add to the logs of Delta tables the stored files that they lack",
  parameters: "[--collection <name>] [--dry-run]",
  positionals: [0, 0],
  options: upkeepOptions,
  examples: ["mdc delta repair --root ./collected", "mdc delta repair --collection model_inputs --dry-run"],
  run: (input) => run(input, "known"),
};

async function run(input: CommandInput, which: "new" | "known"): Promise<ExitCode> {
  const { terminal } = input;
  const now = systemClock.now();
  const [dryRun, tables] = await withStore(input, async (store, scope) => [
    scope.dryRun,
    await repairTables(store, which, { ...scope, now }),
  ]);
  if (input.flag("json")) terminal.json(tables);
  else tell(tables, which, dryRun, terminal);
  const isSound = tables.every(({ refused, missing }) => refused.length === 0 && missing.length === 0);
  return isSound ? exitCode.ok : exitCode.data;
}

function tell(
  tables: Awaited<ReturnType<typeof repairTables>>,
  which: "new" | "known",
  dryRun: boolean,
  terminal: Terminal,
): void {
  for (const { table, version, added, removed, refused, missing } of tables) {
    const at = version === undefined ? "" : `, version ${version}`;
    const also = removed === 0 ? "" : `, ${removed} removed that others replace`;
    const would = dryRun ? " would be" : "";
    terminal.out(`${table}${at}: ${amountText(added, "file")}${would} added${also}`);
    for (const { path, problem } of refused) terminal.err(`left out: ${path}: ${problem}`);
    for (const path of missing) terminal.err(`missing: ${path} is in the log and not stored`);
  }
  if (tables.length > 0) return;
  terminal.err(
    which === "new" ? "no collection lacks a log" : "no collection has a log: mdc delta init makes them",
  );
}
