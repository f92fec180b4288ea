import type { CommandGroup } from "../../command.ts";
import { createCommandGroup } from "../../command-group.ts";
import { spoolDrain } from "./drain.ts";
import { spoolLs } from "./ls.ts";
import { quarantine } from "./quarantine.ts";

/** `mdc spool`: what waits on this machine, and getting it delivered. */
export const spool: CommandGroup = createCommandGroup({
  name: "spool",
  summary: "see what waits for delivery on this machine, deliver it, look into the quarantine",
  subcommands: [spoolLs, spoolDrain, quarantine],
});
