import type { CommandGroup } from "../../command.ts";
import { createCommandGroup } from "../../command-group.ts";
import { deltaInit, deltaRepair } from "./repair.ts";
import { deltaVacuum } from "./vacuum.ts";

/** `mdc delta`: the logs that make collections Delta tables. */
export const delta: CommandGroup = createCommandGroup({
  name: "delta",
  summary: "make collections Delta tables, and keep the logs of those that are",
  subcommands: [deltaInit, deltaRepair, deltaVacuum],
});
