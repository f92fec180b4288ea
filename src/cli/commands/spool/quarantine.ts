import type { CommandGroup } from "../../command.ts";
import { createCommandGroup } from "../../command-group.ts";
import { quarantineDrop } from "./quarantine-drop.ts";
import { quarantineLs } from "./quarantine-ls.ts";
import { quarantineReplay } from "./quarantine-replay.ts";
import { quarantineShow } from "./quarantine-show.ts";

/** `mdc spool quarantine`: what was set aside, and what to do with it. */
export const quarantine: CommandGroup = createCommandGroup({
  name: "quarantine",
  summary: "look into the quarantine, and empty it",
  subcommands: [quarantineLs, quarantineShow, quarantineReplay, quarantineDrop],
  otherwise: quarantineLs,
});
